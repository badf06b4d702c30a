"""Arms of what a centre does for itself: painted lesions, their healthy twins, its generator."""

from pathlib import Path

import numpy as np
import pytest
import torch

from centre_node.study.errors import SamplesAlteredError
from centre_node.study.painted_patches import own_of
from centre_node.study.preparation import Preparation, prepare
from centre_node.study.prepared import Run, StudyPatches, opened
from centre_node.study.running import do_run, training_of
from centre_node.study.training_patches import HEALTHY, LESION
from node_api.studies import Arm, OwnGenerator
from shared.packages import Package
from tests.centre_node.study.made_up import TINY, tiny_inputs, tiny_study, untrained_package

ADDED = 10
ARMS = (
    Arm(name="none"),
    Arm(name="painted", painted="own"),
    Arm(name="blobs", painted="ellipse"),
    Arm(name="sham", painted="own", sham_healthy=True),
    Arm(name="anew", augmentation="painted"),
    Arm(name="own generator", own_generator=True),
)
OWN = OwnGenerator.model_validate({"architecture": TINY, "training": {"epochs": 1, "seed": 3}})


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return untrained_package(tmp_path_factory.mktemp("generator"))


def prepared(package: Package, folder: Path) -> Preparation:
    configuration = tiny_study(
        package, arms=ARMS, synthetic_patches=ADDED, own_generator=OWN, seeds=(0,)
    )
    folder.mkdir(exist_ok=True)
    device = torch.device("cpu")
    return prepare(configuration, tiny_inputs(package), folder=folder, device=device, threads=1)


@pytest.fixture(scope="module")
def ready(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    return prepared(package, tmp_path_factory.mktemp("study") / "cache")


@pytest.fixture(scope="module")
def patches(ready: Preparation) -> StudyPatches:
    return opened(ready.file)


def run_of(patches: StudyPatches, arm: str, fraction: float = 1.0) -> Run:
    return next(
        run for run in patches.study.runs() if (run.arm.name, run.train_fraction) == (arm, fraction)
    )


@pytest.mark.parametrize(
    ("arm", "real", "synthetic", "balance"),
    [
        ("none", 0, 0, (0, 0)),
        ("painted", ADDED, ADDED, (ADDED, ADDED)),
        ("blobs", ADDED, ADDED, (ADDED, ADDED)),
        ("sham", 0, 2 * ADDED, (ADDED, ADDED)),
        ("anew", 0, 0, (0, 0)),
        ("own generator", ADDED, ADDED, (ADDED, ADDED)),
    ],
)
def test_what_an_arm_adds_to_an_epoch(
    patches: StudyPatches, arm: str, real: int, synthetic: int, balance: tuple[int, int]
) -> None:
    own = len(own_of(patches.study.configuration, patches.train[1.0], 1.0).lesions)

    training = patches.training_patches(run_of(patches, arm))
    pixels, labels = training.draw_epoch(np.random.default_rng(0))

    assert (training.n_real, training.n_synthetic) == (2 * own + real, synthetic)
    assert pixels.shape == (2 * own + sum(balance), 16, 16)
    assert [int((labels == one).sum()) - own for one in (HEALTHY, LESION)] == list(balance)


def test_painted_lesions_stand_on_the_healthy_patches_that_come_with_them(
    patches: StudyPatches,
) -> None:
    store = patches.train[1.0]
    own = own_of(patches.study.configuration, store, 1.0)
    beside = own.with_healthy(ADDED, own_lesions=True)[-ADDED:]

    stands_on = patches.painted[1.0]["ellipse"].healthy

    assert sorted(map(bytes, stands_on)) == sorted(map(bytes, store.crops(beside, size=16)))


def test_each_share_of_the_patients_is_painted_with_its_own_lesions(ready: Preparation) -> None:
    whole, half = (ready.study.painted[fraction]["own"] for fraction in (1.0, 0.5))

    assert whole.recipe_digest != half.recipe_digest


def test_painting_as_augmentation_changes_half_of_the_lesions_and_adds_no_patch(
    patches: StudyPatches,
) -> None:
    none, anew = (patches.training_patches(run_of(patches, arm)) for arm in ("none", "anew"))

    plain, labels = none.draw_epoch(np.random.default_rng(0))
    painted, same_labels = anew.draw_epoch(np.random.default_rng(0))

    changed = (plain != painted).any(axis=(1, 2))
    lesions = int(labels.sum())
    assert labels.tolist() == same_labels.tolist()
    assert changed[labels == LESION].sum() == round(lesions / 2)
    assert changed[labels == HEALTHY].sum() == round(lesions / 2)


def test_painting_as_augmentation_leaves_the_flips_to_the_classifiers_training(
    patches: StudyPatches,
) -> None:
    training = patches.study.configuration.classifier_training

    assert training_of(run_of(patches, "anew"), training) == training


@pytest.mark.parametrize("arm", ["sham", "anew", "own generator"])
def test_a_run_of_the_arm_comes_to_its_end(ready: Preparation, arm: str) -> None:
    run = run_of(opened(ready.file), arm)

    result = do_run(ready.file, run, device=torch.device("cpu"), on_epoch=lambda: None)

    assert result.row.n_train_synthetic == {"sham": 20, "anew": 0, "own generator": 10}[arm]


def test_what_is_made_already_is_not_made_again(package: Package, ready: Preparation) -> None:
    folder = ready.file.parent
    before = {path: path.stat().st_mtime_ns for path in made(folder)}

    again = prepared(package, folder)

    assert {path: path.stat().st_mtime_ns for path in made(folder)} == before
    assert again.study == ready.study


def test_altered_patches_are_not_read_and_made_anew_by_the_next_start(
    package: Package, ready: Preparation, caplog: pytest.LogCaptureFixture
) -> None:
    folder = ready.file.parent
    kept = {path: path.read_bytes() for path in made(folder)}
    assert len(kept) == 6  # two paintings and a generator's samples of each share
    for altered in kept:
        content = bytearray(kept[altered])
        content[-1] ^= 1
        altered.write_bytes(content)

        opened.cache_clear()
        with pytest.raises(SamplesAlteredError, match=altered.name):
            opened(ready.file)

        prepared(package, folder)
        assert "altered" in caplog.text
        assert altered.read_bytes() == kept[altered]


def made(folder: Path) -> list[Path]:
    return sorted(
        path for name in ("painted", "own-generators") for path in (folder / name).glob("*.npy")
    )


def test_a_run_of_an_arm_that_was_known_before_keeps_its_key_beside_the_new_ones(
    package: Package, ready: Preparation, tmp_path: Path
) -> None:
    alone = tiny_study(package, synthetic_patches=ADDED, seeds=(0,))
    device = torch.device("cpu")
    before = prepare(alone, tiny_inputs(package), folder=tmp_path, device=device, threads=1).study
    run = next(run for run in before.runs() if run.arm.name == "none")

    assert ready.study.run_digest(run) == before.run_digest(run)
    assert not set(run.arm.model_dump()) & {"painted", "sham_healthy", "own_generator"}
    assert "own_generator" not in alone.model_dump()


def test_no_two_of_the_new_arms_share_a_key(ready: Preparation) -> None:
    keys = [ready.study.run_digest(run) for run in ready.study.runs()]

    assert len(set(keys)) == len(keys)
