"""Among donors' generators those are chosen that help, and no test patient has a part in it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.splits import with_kinds
from centre_node.sampling.drawing import follow_recipe
from centre_node.sampling.errors import GeneratorOutputError
from centre_node.study import preparation
from centre_node.study.choosing import Trial, choose, shares_by_gain
from centre_node.study.errors import NoControlError
from centre_node.study.local_engine import LocalEngine
from centre_node.study.preparation import StudyInputs
from centre_node.study.task_data import split_of
from node_api.choices import Choice
from node_api.classifier_training import ClassifierTraining
from node_api.patches import PatchConfiguration
from node_api.recipes import SamplingRecipe
from node_api.studies import Arm, StudyConfiguration
from shared.packages import Package
from tests.centre_node.study.made_up import phantoms, untrained_package

CONTROL = Arm(name="own lesions repeated", oversampled=True)
STUDY = StudyConfiguration(
    lesion_kinds=("calcification",),
    patches=PatchConfiguration(margin_px=6, smallest_side_px=16),
    image_size=16,
    split_shares=(0.03, 0.47, 0.5),
    train_fractions=(1.0,),
    synthetic_patches=60,
    classifier_training=ClassifierTraining(epochs=10, learning_rate=0.003),
    arms=(CONTROL, Arm(name="Real B", real_donors=("centre-b",))),
    seeds=tuple(range(5)),
    resamples=300,
)
SPLIT = "0" * 64
DONORS = ("useful", "useless")


@pytest.mark.parametrize(
    ("gains", "shares"),
    [
        ([0.03, 0.01], (0.75, 0.25)),
        ([0.02, -0.05, None], (1.0, 0.0, 0.0)),
        ([-0.01, 0.0], (0.0, 0.0)),
        ([], ()),
    ],
)
def test_a_pool_is_shared_by_gains_and_what_gains_nothing_is_left_out(
    gains: list[float | None], shares: tuple[float, ...]
) -> None:
    assert shares_by_gain(gains) == pytest.approx(shares)


@pytest.fixture(scope="module")
def donors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Package]:
    """Two generators of noise; the trial below has the first draw lesions."""
    folder = tmp_path_factory.mktemp("donors")
    return {name: _package(folder / name, number) for number, name in enumerate(DONORS)}


def _of_residuals(package: Package) -> Package:
    output = package.card.architecture.model_copy(update={"output": "residual"})
    card = package.card.model_copy(update={"architecture": output})
    return replace(package, card=card)


def test_a_trial_has_the_controls_and_each_generator_alone(donors: dict[str, Package]) -> None:
    study = STUDY.model_copy(update={"classifiers": ("cnn", "swin"), "train_fractions": (1.0, 0.5)})

    trial = Trial.of(study, donors, classifier="cnn", train_fraction=0.5)

    arms = trial.configuration.arms
    assert [(arm.name, arm.generators, arm.painted) for arm in arms] == [
        (CONTROL.name, (), None),
        ("1, useful", (donors["useful"].digest,), None),
        ("2, useless", (donors["useless"].digest,), None),
    ]
    assert trial.names == {"1, useful": "useful", "2, useless": "useless"}
    assert trial.configuration.classifiers == ("cnn",)
    assert trial.configuration.train_fractions == (0.5,)


def test_without_a_control_there_is_nothing_to_beat(donors: dict[str, Package]) -> None:
    study = STUDY.model_copy(update={"arms": (Arm(name="none"),)})

    with pytest.raises(NoControlError, match="has no control that a generator must beat"):
        Trial.of(study, donors, classifier="cnn", train_fraction=1.0)


def test_generators_of_residuals_are_painted_and_stand_in_no_pool_with_others(
    donors: dict[str, Package],
) -> None:
    residual = {name: _of_residuals(package) for name, package in donors.items()}
    mixed = {**donors, "useless": residual["useless"]}

    trial = Trial.of(STUDY, residual, classifier="cnn", train_fraction=1.0)

    assert [arm.painted for arm in trial.configuration.arms] == [None, "generator", "generator"]
    with pytest.raises(GeneratorOutputError, match="useless draw residuals and the other"):
        Trial.of(STUDY, mixed, classifier="cnn", train_fraction=1.0)


@dataclass(frozen=True)
class Tried:
    """A choice between a donor whose samples are lesions and one whose samples are noise."""

    choice: Choice
    opened: frozenset[str]
    test_patients: frozenset[str]


@pytest.fixture(scope="module")
def tried(donors: dict[str, Package], tmp_path_factory: pytest.TempPathFactory) -> Tried:
    folder = tmp_path_factory.mktemp("choosing")
    own, opened = phantoms(patients=240, seed=2), set[str]()
    watched = replace(
        own, mammograms=tuple(_watched(mammogram, opened) for mammogram in own.mammograms)
    )
    with pytest.MonkeyPatch.context() as patched:
        draw = _drawing_lesions_for(donors["useful"], _lesions(folder / "donor"))
        patched.setattr(preparation, "follow_recipe", draw)
        choice = choose(
            Trial.of(
                STUDY,
                donors,
                classifier="cnn",
                train_fraction=1.0,
            ),
            StudyInputs(watched, {}, {package.digest: package for package in donors.values()}),
            split_digest=SPLIT,
            cache=folder / "cache",
            device=torch.device("cpu"),
            threads=1,
            engine=LocalEngine(1),
            on_progress=lambda _step: None,
        )
    split = split_of(STUDY, with_kinds(own.mammograms, STUDY.lesion_kinds))
    return Tried(choice, frozenset(opened), frozenset(split.test))


def _package(folder: Path, seed: int) -> Package:
    folder.mkdir()
    return untrained_package(folder, centre=f"centre-{folder.name}", seed=seed)


def _watched(mammogram: Mammogram, opened: set[str]) -> Mammogram:
    def load() -> NDArray[np.uint8]:
        opened.add(mammogram.patient_id)
        return mammogram.load()

    return replace(mammogram, load=load)


def _lesions(folder: Path) -> NDArray[np.uint8]:
    """Return lesions of a centre like this one: what a perfect generator would draw."""
    cutting = PatchCutting(STUDY.patches, STUDY.lesion_kinds)
    store = cutting.cut_into(folder, phantoms(patients=300, seed=5).mammograms, healthy=0)
    return store.crops(range(STUDY.synthetic_patches), size=STUDY.image_size)


def _drawing_lesions_for(useful: Package, lesions: NDArray[np.uint8]) -> Callable[..., None]:
    def draw(recipe: SamplingRecipe, package: Package, **options: Any) -> None:
        if package.digest == useful.digest:
            options["keep"](np.arange(recipe.count), lesions[: recipe.count])
        else:
            follow_recipe(recipe, package, **options)

    return draw


@pytest.mark.slow
def test_the_donor_that_helps_gets_the_pool(tried: Tried) -> None:
    useful, useless = tried.choice.tried

    assert (useful.name, useful.centre) == ("useful", "centre-useful")
    assert useful.gain is not None
    assert useless.gain is not None
    assert useful.gain > 0 > useless.gain
    assert (useful.share, useless.share) == (1.0, 0.0)
    assert tried.choice.kept == (useful,)
    assert tried.choice.control.arm == CONTROL.name
    assert (tried.choice.seeds, tried.choice.train_fraction) == (len(STUDY.seeds), 1.0)


@pytest.mark.slow
def test_no_mammogram_of_a_test_patient_is_opened(tried: Tried) -> None:
    assert len(tried.test_patients) > 50
    assert tried.opened
    assert not tried.opened & tried.test_patients


@pytest.mark.slow
def test_a_receipt_can_be_written_and_read(tried: Tried, tmp_path: Path) -> None:
    file = tmp_path / "choice.json"
    file.write_text(tried.choice.model_dump_json())

    assert Choice.model_validate_json(file.read_bytes()) == tried.choice
