"""Builds the package of a trained generator."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unicodedata import normalize

from pydantic import ValidationError

from centre_node.errors import NotPublishableError
from centre_node.generators.kept_weights import FINAL_WEIGHTS, KEPT_WEIGHTS, weight_files
from centre_node.sharing.sample_grid import drawn_samples
from node_api.generator_training import GeneratorTraining
from node_api.results import TrainedGenerator
from shared.cards import SMALLEST_COUNT, ModelCard, Privacy, Training, TrainingSet, WeightFile
from shared.fidelity import FidelityReport
from shared.leaving import told_count, told_fidelity
from shared.models import validation_summary
from shared.packages import Package, open_package, write_package
from shared.statements import DifferentialPrivacy
from shared.terms import CentreTerms, UseLimits
from shared.weights import inspect_weights

EVENLY: Mapping[str, float] = {}


def terms_of(given: Mapping[str, str]) -> CentreTerms:
    """Return the terms that a person gave; a letter and its accent become one character.

    Raises:
        NotPublishableError: A text that may not leave.
    """
    with _card_faults():
        return CentreTerms.model_validate(
            {name: normalize("NFC", text) for name, text in given.items()}
        )


def weights_to_publish(
    training: Path, *, ensemble: bool, proportions: Mapping[str, float]
) -> tuple[Path, ...]:
    """Return the weight files of a training's folder that are to be published, by epoch.

    Args:
        ensemble: Every one that the training kept, instead of the final one.
        proportions: By name, those that are wanted.

    Raises:
        NotPublishableError: The training kept no file of a name.
    """
    kept = weight_files(training)
    names = [path.name for path in kept]
    for name in proportions:
        if name not in names:
            raise NotPublishableError(f"the training kept no {name}; it kept {', '.join(names)}")
    if proportions:
        return tuple(path for path in kept if path.name in proportions)
    return kept if ensemble else (training / FINAL_WEIGHTS,)


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
    _check_counts(trained)
    for path in weights:
        inspect_weights(path, trained.architecture.generator_tensors())

    def card_of(copies: tuple[WeightFile, ...]) -> ModelCard:
        with _card_faults():
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


def _check_counts(trained: TrainedGenerator) -> None:
    """Check that no count could point at a person.

    Raises:
        NotPublishableError: One could.
    """
    for what, count in (("patients", trained.patients), ("patches", trained.patches)):
        if count < SMALLEST_COUNT:
            raise NotPublishableError(
                f"the generator was trained on fewer than {SMALLEST_COUNT} {what}; "
                "publishing it could point at a person"
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


@contextmanager
def _card_faults() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise NotPublishableError(f"the card is refused: {validation_summary(error)}") from error


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
