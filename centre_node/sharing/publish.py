"""Builds the package of a trained generator."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from centre_node.generators.kept_weights import FINAL_WEIGHTS, KEPT_WEIGHTS
from centre_node.sharing.before_release import card_faults, check_counts
from centre_node.sharing.sample_grid import drawn_samples
from node_api.generator_training import GeneratorTraining
from node_api.results import TrainedGenerator
from shared.cards import ModelCard, Privacy, Training, TrainingSet, WeightFile
from shared.fidelity import FidelityReport
from shared.leaving import told_count, told_fidelity
from shared.packages import Package, open_package, write_package
from shared.statements import DifferentialPrivacy
from shared.terms import CentreTerms, UseLimits
from shared.weights import inspect_weights

EVENLY: Mapping[str, float] = {}


def build_package(
    folder: Path,
    weights: Sequence[Path],
    trained: TrainedGenerator,
    terms: CentreTerms,
    *,
    proportions: Mapping[str, float] = EVENLY,
    samples: int = 0,
    use: UseLimits | None = None,
) -> Package:
    """Write the package, or return the one that an earlier call wrote to `folder`.

    Args:
        weights: A training's final weights, or several of its kept ones: an ensemble.
        proportions: In which patches are drawn from the files, by name; evenly without any.
        samples: So many synthetic patches are drawn and travel with it as a picture.
        use: Limits of its use that hub and receivers see to.

    Raises:
        NotPublishableError: So few patients or patches that a count could point at a person, a
            text that may not leave, or more samples than a picture holds.
        CardRefusedError: A text holds what may not cross the border.
        WeightsRefusedError: The weights are not those of the architecture.
    """
    if folder.exists():
        return open_package(folder)
    check_counts(trained)
    for path in weights:
        inspect_weights(path, trained.architecture.generator_tensors())

    def card_of(copies: tuple[WeightFile, ...]) -> ModelCard:
        with card_faults():
            return _card(_described(copies, trained.training, proportions), trained, terms, use)

    total = math.fsum(proportions.values())
    shares = [proportions[path.name] / total for path in weights] if proportions else None
    picture = drawn_samples(weights, trained.architecture, count=samples, shares=shares)
    return write_package(folder, weights, card_of, samples=picture)


def guarantee_on(card: ModelCard) -> DifferentialPrivacy | None:
    """Return the differential privacy that a card promises, as a statement says it."""
    promise = card.privacy.promise
    if promise is None:
        return None
    return DifferentialPrivacy(
        epsilon=promise.epsilon,
        delta=promise.delta,
        unit=promise.unit,
        accountant=promise.accountant,
    )


def _described(
    copies: Sequence[WeightFile], training: GeneratorTraining, proportions: Mapping[str, float]
) -> tuple[WeightFile, ...]:
    """Return the files with the epoch of each, and its share of the patches where one is given."""
    total = math.fsum(proportions.values())  # alike in whichever order they were given
    return tuple(
        copy.model_copy(
            update={
                "epoch": _epoch(copy.name, training),
                "share": proportions[copy.name] / total if proportions else None,
            }
        )
        for copy in copies
    )


def _card(
    weights: tuple[WeightFile, ...],
    trained: TrainedGenerator,
    terms: CentreTerms,
    use: UseLimits | None,
) -> ModelCard:
    return ModelCard(
        use=use or None,
        architecture=trained.architecture,
        weights=weights,
        training_set=TrainingSet(
            data_set=trained.data_set,
            lesion_kinds=trained.lesion_kinds,
            patients=told_count(trained.patients),
            patches=told_count(trained.patches),
            pixel_spacing_mm=trained.pixel_spacing_mm,
            cutting=trained.cutting,
        ),
        training=Training(
            loss=trained.training.loss,
            epochs=trained.training.epochs,
            batch_size=trained.training.batch_size,
            genshare_version=trained.genshare_version,
            averaged=trained.training.average_half_life_images is not None,
            augmented=trained.training.augmentation is not None,
        ),
        fidelity=_publishable(weights, trained),
        privacy=Privacy.of(trained.privacy),
        **terms.model_dump(),
    )


def _publishable(
    weights: tuple[WeightFile, ...], trained: TrainedGenerator
) -> FidelityReport | None:
    """Return what may be told of the report, if it is of these weights.

    A training measures its final weights alone: of others nothing is known. What was measured on
    patients under differential privacy does not leave: nobody counted it.
    """
    if trained.privacy is not None or trained.fidelity is None:
        return None
    if [file.name for file in weights] != [FINAL_WEIGHTS]:
        return None
    return told_fidelity(trained.fidelity)


def _epoch(name: str, training: GeneratorTraining) -> int:
    kept = KEPT_WEIGHTS.fullmatch(name)
    return training.epochs if kept is None else int(kept[1])
