"""Arms whose added lesions get the look of the centre's own training lesions."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from centre_node.mammography.frequency_bands import strengths
from centre_node.mammography.grey_curves import LEVELS
from centre_node.mammography.mammograms import Mammogram
from centre_node.study import running
from centre_node.study.painted_patches import own_of
from centre_node.study.preparation import StudyInputs, prepare
from centre_node.study.prepared import Run, StudyPatches, opened
from centre_node.study.running import do_run
from centre_node.study.training_patches import HEALTHY, LESION
from node_api.studies import Arm
from node_api.tasks import BENIGN_OR_MALIGNANT
from shared.packages import Package
from tests.centre_node.study.made_up import phantoms, tiny_inputs, tiny_study, untrained_package

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return untrained_package(tmp_path_factory.mktemp("generator"))


def darker(mammogram: Mammogram) -> Mammogram:
    def load() -> NDArray[np.uint8]:
        return np.asarray(cv2.blur(mammogram.load(), (3, 3)) // 2, dtype=np.uint8)

    return replace(mammogram, load=load)


def inputs(package: Package) -> StudyInputs:
    """Return a study's inputs with a donor whose archive is half as bright, and blurred."""
    usual = tiny_inputs(package)
    donor = phantoms(seed=5)
    dark = replace(donor, mammograms=tuple(map(darker, donor.mammograms)))
    return replace(usual, donors={"centre-b": dark})


@pytest.fixture(scope="module")
def study_file(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    arms = (
        Arm(name="none"),
        Arm(name="real", real_donors=("centre-b",)),
        Arm(name="real, own greys", real_donors=("centre-b",), harmonised=True),
        Arm(name="B, own greys", generators=(package.digest,), harmonised=True),
        Arm(
            name="real, own bands",
            real_donors=("centre-b",),
            harmonised=True,
            harmonised_by="greys_and_bands",
        ),
        Arm(
            name="B, own bands",
            generators=(package.digest,),
            harmonised=True,
            harmonised_by="greys_and_bands",
        ),
        Arm(name="B, chosen", generators=(package.digest,), harmonised="validation"),
    )
    study = tiny_study(package, arms=arms, seeds=(0,), train_fraction_of="patches")
    folder = tmp_path_factory.mktemp("study")
    return prepare(study, inputs(package), folder=folder, device=CPU, threads=1).file


@pytest.fixture(scope="module")
def patches(study_file: Path) -> StudyPatches:
    return opened(study_file)


def run_of(patches: StudyPatches, arm: str, fraction: float = 1.0) -> Run:
    return next(
        run for run in patches.study.runs() if (run.arm.name, run.train_fraction) == (arm, fraction)
    )


def drawn(
    patches: StudyPatches, arm: str, fraction: float = 1.0, *, is_harmonised: bool
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    training = patches.training_patches(run_of(patches, arm, fraction), is_harmonised=is_harmonised)
    return training.draw_epoch(np.random.default_rng(0))


# An untrained generator knows four greys: they cannot become all of the own ones.
@pytest.mark.parametrize(("arm", "within"), [("real, own greys", 1.5), ("B, own greys", 9)])
@pytest.mark.parametrize("fraction", [1.0, 0.5])
def test_added_lesions_get_the_quantiles_of_the_own_training_lesions_and_nothing_else_changes(
    patches: StudyPatches, arm: str, within: float, fraction: float
) -> None:
    added = 10
    as_they_are, labels = drawn(patches, arm, fraction, is_harmonised=False)
    harmonised, same_labels = drawn(patches, arm, fraction, is_harmonised=True)

    store = patches.train[fraction]
    own = store.crops(own_of(patches.study.configuration, store, fraction).lesions, size=16)
    assert labels.tolist() == same_labels.tolist()
    assert labels[-added:].tolist() == [LESION] * added
    np.testing.assert_array_equal(as_they_are[:-added], harmonised[:-added])
    wanted = np.quantile(own, LEVELS)
    far, near = (
        np.abs(np.quantile(part[-added:], LEVELS) - wanted).mean()
        for part in (as_they_are, harmonised)
    )
    assert near < within < 10 < far


# An untrained generator knows four greys, and no structure that could be made stronger.
@pytest.mark.parametrize(("arm", "within"), [("real", 0.2), ("B", 0.8)])
def test_by_bands_added_lesions_get_the_strength_of_each_band_too(
    patches: StudyPatches, arm: str, within: float
) -> None:
    added, store = 10, patches.train[1.0]
    own = store.crops(own_of(patches.study.configuration, store, 1.0).lesions, size=16)
    (greys, _), (bands, _) = (
        drawn(patches, f"{arm}, own {by}", is_harmonised=True) for by in ("greys", "bands")
    )

    np.testing.assert_array_equal(greys[:-added], bands[:-added])
    far, near = (np.abs(np.log(strengths(x[-added:]) / strengths(own))) for x in (greys, bands))
    assert near.max() < within
    assert near.mean() < 0.8 * far.mean()


def test_neither_validation_nor_test_patches_have_a_part_in_it(patches: StudyPatches) -> None:
    blank = replace(
        patches,
        test=replace(patches.test, pixels=patches.test.pixels * 0),
        validation=replace(patches.validation, pixels=patches.validation.pixels * 0),
    )

    for arm in ("real, own greys", "B, own greys", "real, own bands", "B, own bands"):
        usual, other = (drawn(one, arm, is_harmonised=True)[0] for one in (patches, blank))
        np.testing.assert_array_equal(usual, other)


def test_lesions_that_a_smaller_share_leaves_out_have_no_part_in_it(
    patches: StudyPatches,
) -> None:
    own = own_of(patches.study.configuration, patches.train[0.5], 0.5)
    read: list[set[int]] = []
    original = type(patches)._own_look

    def noted(self: StudyPatches, store: object, lesions: NDArray[np.int64], arm: Arm) -> object:
        read.append(set(lesions.tolist()))
        return original(self, store, lesions, arm)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(patches), "_own_look", noted)
        drawn(patches, "B, own greys", 0.5, is_harmonised=True)

    assert read == [set(own.lesions.tolist())]


def test_benign_and_malignant_lesions_go_through_one_curve(
    package: Package, tmp_path: Path
) -> None:
    arms = (Arm(name="real", real_donors=("centre-b",), harmonised=True),)
    study = tiny_study(package, arms=arms, seeds=(0,), task=BENIGN_OR_MALIGNANT)
    ready = prepare(study, inputs(package), folder=tmp_path, device=CPU, threads=1)
    patches = opened(ready.file)

    as_they_are, labels = drawn(patches, "real", is_harmonised=False)
    harmonised, _ = drawn(patches, "real", is_harmonised=True)

    added = ready.study.additions["real"].lesions
    assert set(labels[-added:].tolist()) == {HEALTHY, LESION}
    becomes: dict[int, set[int]] = {}
    for before, after in zip(
        as_they_are[-added:].ravel(), harmonised[-added:].ravel(), strict=True
    ):
        becomes.setdefault(int(before), set()).add(int(after))
    assert {len(greys) for greys in becomes.values()} == {1}


@pytest.mark.parametrize("better", [True, False])
def test_validation_patients_choose_and_the_run_tells_what(
    study_file: Path, monkeypatch: pytest.MonkeyPatch, better: bool
) -> None:
    patches = opened(study_file)
    trained: list[bool] = []
    original = running._trained

    def rigged(*arguments: object, is_harmonised: bool) -> running._Trained:
        trained.append(is_harmonised)
        one = original(*arguments, is_harmonised=is_harmonised)  # type: ignore[arg-type]
        labels = patches.validation.labels.astype(float)
        return replace(one, validation=labels if is_harmonised is better else -labels)

    monkeypatch.setattr(running, "_trained", rigged)

    result = do_run(study_file, run_of(patches, "B, chosen"), device=CPU, on_epoch=lambda: None)

    assert trained == [False, True]
    assert result.is_harmonised is better


def test_arms_of_other_greys_have_keys_of_their_own_and_earlier_arms_keep_theirs(
    patches: StudyPatches,
) -> None:
    keys = {patches.study.run_digest(run) for run in patches.study.runs()}

    assert len(keys) == len(list(patches.study.runs()))
    assert "harmonised" not in run_of(patches, "none").arm.model_dump()
    assert "harmonised_by" not in run_of(patches, "real, own greys").arm.model_dump()
    assert Arm(name="a", generators=("a" * 64,), harmonised=True).model_dump_json() == (
        '{"name":"a","generators":["' + "a" * 64 + '"],"real_donors":[],"oversampled":false,'
        '"extra_healthy":false,"own_lesions":true,"every_donated":false,"harmonised":true,'
        '"augmentation":null}'
    )
