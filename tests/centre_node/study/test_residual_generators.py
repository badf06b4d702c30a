"""A generator of residuals: trained, shared, and painted by its receiver in a study."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from centre_node.fidelity.package_comparison import ComparisonRequest, PackageComparison
from centre_node.mammography.command_options import MammogramChoice
from centre_node.mammography.patch_store import PatchStore
from centre_node.painting.residual_patches import NOTHING, residual_patches
from centre_node.sampling.errors import GeneratorOutputError
from centre_node.sharing.publish import build_package
from centre_node.study.painted_patches import own_of
from centre_node.study.preparation import StudyInputs, prepare
from centre_node.study.prepared import Run, StudyPatches, opened
from centre_node.study.running import do_run
from centre_node.training.held_out import read_members
from centre_node.training.on_lesions import train_on_lesions
from centre_node.training.plan import TrainingPlan
from node_api.patches import PatchConfiguration
from node_api.studies import Arm
from shared.architectures import DcganArchitecture
from shared.packages import Package, open_package
from shared.terms import CentreTerms
from tests.centre_node.generators.tiny import settings
from tests.centre_node.study.made_up import TINY, phantoms, tiny_study, untrained_package
from tests.command_line import Genshare
from tests.hub_server import RunningHub

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
PATCHES = PatchConfiguration(margin_px=6, smallest_side_px=16)
PLAN = TrainingPlan(
    lesion_kinds=("mass",),
    patches=PATCHES,
    architecture=TINY.model_copy(update={"output": "residual"}),
    training=settings(epochs=2),
)
ADDED = 10


def trained(folder: Path, seed: int) -> Package:
    """Train on phantoms and return the package."""
    made, _ = train_on_lesions(
        phantoms(seed=seed),
        PLAN,
        store_folder=folder / "patches",
        folder=folder / "training",
        pictures=folder / "pictures",
        device=CPU,
        on_progress=lambda _step: None,
    )
    terms = CentreTerms(
        centre="centre-b",
        name=f"residuals-{seed}",
        title="Residuals of masses",
        licence="CC0-1.0",
        use_terms="Tests",
        contact="tests",
    )
    return build_package(
        folder / "package", [folder / "training" / "weights.safetensors"], made, terms
    )


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> list[Package]:
    return [trained(tmp_path_factory.mktemp("donor"), seed) for seed in (5, 7)]


@pytest.fixture(scope="module")
def patches(packages: list[Package], tmp_path_factory: pytest.TempPathFactory) -> StudyPatches:
    first, second = (package.digest for package in packages)
    arms = (
        Arm(name="none"),
        Arm(name="first", generators=(first,), painted="generator"),
        Arm(name="both", generators=(first, second), painted="generator"),
    )
    study = tiny_study(packages[0], arms=arms, synthetic_patches=ADDED, seeds=(0,))
    return opened(prepared(study, packages, tmp_path_factory.mktemp("study")))


def prepared(study: Any, packages: list[Package], folder: Path) -> Path:
    inputs = StudyInputs(
        own=phantoms(), donors={}, packages={package.digest: package for package in packages}
    )
    return prepare(study, inputs, folder=folder, device=CPU, threads=1).file


def run_of(patches: StudyPatches, arm: str, fraction: float = 1.0) -> Run:
    return next(
        run for run in patches.study.runs() if (run.arm.name, run.train_fraction) == (arm, fraction)
    )


def test_a_donor_trains_on_residuals_and_an_audit_gets_the_same_arrays(
    packages: list[Package],
) -> None:
    folder = packages[0].folder.parent

    members = read_members(folder / "training").members

    store = PatchStore.open(folder / "patches")
    expected = residual_patches(store, members.indices, size=16)
    np.testing.assert_array_equal(members.patches(16), expected)
    assert (expected[:, [0, 0, -1, -1], [0, -1, 0, -1]] == NOTHING).all()


def test_its_card_says_so_and_a_hub_and_a_receiver_take_it(
    packages: list[Package], loopback_hub: RunningHub, tmp_path: Path
) -> None:
    token = loopback_hub.client().invite("centre-b", renew=True)
    published = loopback_hub.client(token).publish(packages[0])

    loopback_hub.client(token).fetch(published, tmp_path / "got")

    got = open_package(tmp_path / "got")
    assert got.card.architecture.output == "residual"
    assert b'"output":"residual"' in (tmp_path / "got" / "card.json").read_bytes()


def test_cards_of_generators_of_patches_are_written_as_they_were() -> None:
    assert "output" not in DcganArchitecture().model_dump()


@pytest.mark.parametrize("fraction", [1.0, 0.5])
def test_an_arm_adds_them_painted_on_the_healthy_patches_that_come_with_them(
    patches: StudyPatches, fraction: float
) -> None:
    store = patches.train[fraction]
    own = own_of(patches.study.configuration, store, fraction)
    beside = store.crops(own.with_healthy(ADDED, own_lesions=True)[-ADDED:], size=16)

    training = patches.training_patches(run_of(patches, "both", fraction))

    assert (training.n_synthetic, len(training.synthetic)) == (ADDED, ADDED)
    corners = [0, 0, -1, -1], [0, -1, 0, -1]
    painted_on = sorted(map(bytes, (patch[corners] for patch in training.synthetic)))
    assert painted_on == sorted(map(bytes, (patch[corners] for patch in beside)))


def test_of_two_generators_each_gives_its_part(patches: StudyPatches) -> None:
    alone, both = (
        patches.training_patches(run_of(patches, arm)).synthetic for arm in ("first", "both")
    )

    np.testing.assert_array_equal(alone[: ADDED // 2], both[: ADDED // 2])
    assert (alone[ADDED // 2 :] != both[ADDED // 2 :]).any()


def test_a_run_comes_to_its_end_and_each_arm_has_keys_of_its_own(patches: StudyPatches) -> None:
    keys = [patches.study.run_digest(run) for run in patches.study.runs()]
    file = next(patches.folder.glob("study-*.json"))

    result = do_run(file, run_of(patches, "both"), device=CPU, on_epoch=lambda: None)

    assert result.row.n_train_synthetic == ADDED
    assert len(set(keys)) == len(keys)


def test_residuals_are_not_added_as_patches_nor_patches_painted(
    packages: list[Package], tmp_path: Path
) -> None:
    plain = untrained_package(tmp_path)
    for package, painted, sentence in (
        (packages[0], None, "draws residuals, which are no patches by themselves; give the arm"),
        (plain, "generator", "draws whole patches, which cannot be painted"),
    ):
        arm = Arm(name="B", generators=(package.digest,), painted=painted)
        study = tiny_study(package, arms=(arm,))

        with pytest.raises(GeneratorOutputError, match=sentence):
            prepared(study, [package], tmp_path)


def test_residuals_are_not_compared_with_patches(packages: list[Package]) -> None:
    comparison = PackageComparison(
        packages[0], MammogramChoice(phantoms="digital"), PATCHES, ComparisonRequest()
    )

    with pytest.raises(GeneratorOutputError, match="cannot be compared with patches"):
        comparison.measured(lambda _step: None)


def test_who_draws_residuals_is_told_that_they_are_no_patches(
    packages: list[Package], tmp_path: Path, genshare: Genshare
) -> None:
    done = genshare("sample", packages[0].folder, "--count", "2", "--out", tmp_path / "out")

    assert done.code == 0
    assert "these are residuals, no patches" in done.stderr
