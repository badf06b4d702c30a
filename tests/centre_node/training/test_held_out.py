"""Patients that a training holds out: thrown once, kept, and never trained on."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from centre_node.generators.checkpoints import RUN, read_run
from centre_node.mammography.errors import NotEnoughPatientsError
from centre_node.mammography.patch_store import PatchStore
from centre_node.training.errors import TrainingFolderError
from centre_node.training.held_out import HELD_OUT, decide, falls_out, read_members, told
from centre_node.training.on_lesions import train_on_lesions
from centre_node.training.plan import TrainingPlan
from node_api.generator_training import GeneratorTraining
from node_api.held_out import HoldOut
from node_api.patches import PatchConfiguration
from node_api.results import TrainedGenerator
from shared.progress import Progress
from tests.centre_node.generators.tiny import StopError
from tests.centre_node.study.made_up import TINY, phantoms

MANY = tuple(f"P{number:03d}" for number in range(50))
KNOWN = ["P002", "P005", "P022"]
"""The first of them whom the seed 7 holds out with a share of 0.2."""
PLAN = TrainingPlan(
    lesion_kinds=("mass", "calcification", "other"),
    patches=PatchConfiguration(margin_px=6, smallest_side_px=16),
    architecture=TINY,
    training=GeneratorTraining(epochs=4, batch_size=4, checkpoint_every_epochs=1),
    hold_out=HoldOut(share=0.4, seed=3),
)


def trained(
    folder: Path, plan: TrainingPlan = PLAN, *, stop_at: int | None = None, patients: int = 24
) -> TrainedGenerator:
    def stop(progress: Progress) -> None:
        if progress.unit == "epochs" and stop_at is not None and progress.done >= stop_at:
            raise StopError

    done, _ = train_on_lesions(
        phantoms(patients=patients),
        plan,
        store_folder=folder / "node" / "patches" / "key",
        folder=folder / "node" / "jobs" / "1" / "training",
        pictures=folder,
        device=torch.device("cpu"),
        on_progress=stop,
    )
    return done


def training_of(folder: Path) -> Path:
    return folder / "node" / "jobs" / "1" / "training"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainedGenerator]:
    folder = tmp_path_factory.mktemp("held-out")
    return folder, trained(folder)


def test_a_coin_is_a_keyed_hash_below_the_share() -> None:
    key = (7).to_bytes(8, "big")
    shares = {
        name: int(hashlib.blake2b(name.encode(), key=key, digest_size=8).hexdigest(), 16) / 2**64
        for name in MANY
    }

    thrown = {name: falls_out(name, share=0.2, seed=7) for name in MANY}

    assert thrown == {name: share < 0.2 for name, share in shares.items()}
    assert [name for name, out in thrown.items() if out][:3] == KNOWN


def test_coins_are_fair_and_those_of_two_patients_or_seeds_have_nothing_in_common() -> None:
    thrown = np.array(
        [[falls_out(f"P{n}", share=0.2, seed=seed) for n in range(2000)] for seed in range(20)]
    )

    spread = np.sqrt(0.2 * 0.8 / thrown.size)
    assert abs(thrown.mean() - 0.2) < 4 * spread
    assert np.abs(np.corrcoef(thrown) - np.eye(20)).max() < 4.5 / np.sqrt(2000)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9])
def test_every_patient_is_on_one_side_and_the_same_seed_gives_the_same_sides(
    tmp_path: Path, share: float
) -> None:
    wanted = HoldOut(share=share, seed=11)

    one, other = (
        decide(tmp_path / name, tmp_path, patients, wanted, started=False)
        for name, patients in (("one", MANY), ("other", (*MANY[::-1], "P007")))
    )

    assert one is not None
    assert one == other
    assert sorted(one.members + one.held_out) == list(MANY)
    assert (one.held_out == ()) == (share == 0)


def test_below_fifty_patients_nobody_is_held_out_by_default_and_the_reason_is_said(
    tmp_path: Path,
) -> None:
    few = decide(tmp_path / "few", tmp_path, MANY[:49], HoldOut(), started=False)
    enough = decide(tmp_path / "enough", tmp_path, MANY, HoldOut(seed=7), started=False)
    asked = decide(tmp_path / "asked", tmp_path, MANY[:49], HoldOut(share=0.5), started=False)

    assert few is not None
    assert enough is not None
    assert asked is not None
    assert (few.share, few.held_out) == (0, ())
    assert "49 patients are fewer than the 50" in told(few, patches=0).statement
    assert enough.share == 0.2
    assert list(enough.held_out[:3]) == KNOWN
    assert told(enough, patches=31).statement == (
        f"held out: {len(enough.held_out)} of 50 patients with 31 patches, each by a coin of 0.2"
    )
    assert asked.held_out


def test_without_a_seed_each_training_throws_other_coins_and_keeps_them(tmp_path: Path) -> None:
    wanted = HoldOut(share=0.5)

    first, again, other = (
        decide(tmp_path / name, tmp_path, MANY, wanted, started=False) for name in "aab"
    )

    assert first == again
    assert first is not None
    assert other is not None
    assert first.sides != other.sides


def test_what_is_decided_is_on_the_disk_for_the_centre_alone(tmp_path: Path) -> None:
    decided = decide(tmp_path, tmp_path / "p", MANY, HoldOut(share=0.5), started=False)

    assert decided is not None
    document = json.loads((tmp_path / HELD_OUT).read_text())
    assert document == decided.model_dump(mode="json")
    assert (tmp_path / HELD_OUT).stat().st_mode & 0o077 == 0


def test_coins_that_leave_nobody_are_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughPatientsError, match=r"0\.999 of 2 patients left nobody"):
        decide(tmp_path, tmp_path, MANY[:2], HoldOut(share=0.999, seed=0), started=False)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_members_alone_are_trained_on_and_an_auditor_reads_both_sides(
    finished: tuple[Path, TrainedGenerator],
) -> None:
    folder, result = finished
    store = PatchStore.open(folder / "node" / "patches" / "key")

    found = read_members(training_of(folder))

    run, squares = read_run(training_of(folder)), found.members.patches(found.image_size)
    assert hashlib.sha256(squares.tobytes()).hexdigest() == run.patches_sha256
    assert squares.shape == (result.patches, 16, 16)
    both = np.concatenate([found.members.indices, found.held_out.indices])
    assert sorted(both) == list(range(len(store.records)))
    assert not set(found.members.patients) & set(found.held_out.patients)
    for side in (found.members, found.held_out):
        assert side.patients == tuple(store.records[index].patient_id for index in side.indices)
    assert result.held_out is not None
    assert result.patients == len(set(found.members.patients))
    assert result.held_out.patients == len(set(found.held_out.patients)) > 0
    assert result.held_out.patches == len(found.held_out.indices) > 0
    assert (found.share, result.held_out.share) == (0.4, 0.4)


def test_a_folder_that_was_moved_as_a_whole_is_still_read(
    finished: tuple[Path, TrainedGenerator], tmp_path: Path
) -> None:
    before = read_members(training_of(finished[0]))
    moved = (finished[0] / "node").rename(tmp_path / "node")

    after = read_members(moved / "jobs" / "1" / "training")
    moved.rename(finished[0] / "node")

    assert after.members.patients == before.members.patients


def test_an_interrupted_training_goes_on_with_the_same_patients(tmp_path: Path) -> None:
    plan = PLAN.model_copy(update={"hold_out": HoldOut(share=0.4)})
    with pytest.raises(StopError):
        trained(tmp_path, plan, stop_at=2)
    before = (training_of(tmp_path) / HELD_OUT).read_bytes()

    with pytest.raises(StopError):
        trained(tmp_path, plan, stop_at=3)

    assert (training_of(tmp_path) / HELD_OUT).read_bytes() == before
    assert read_members(training_of(tmp_path)).held_out.patients != ()


@pytest.mark.slow
def test_a_training_that_an_earlier_version_began_goes_on_with_everybody(tmp_path: Path) -> None:
    everybody = PLAN.model_copy(update={"hold_out": HoldOut(share=0)})
    with pytest.raises(StopError):
        trained(tmp_path, everybody, stop_at=2)
    (training_of(tmp_path) / HELD_OUT).unlink()

    result = trained(tmp_path, PLAN)

    assert result.held_out is None
    assert "held_out" not in result.model_dump()
    with pytest.raises(TrainingFolderError, match=f"no {HELD_OUT}, .* train anew"):
        read_members(training_of(tmp_path))


@pytest.mark.slow
def test_a_data_set_that_changed_meanwhile_is_told(tmp_path: Path) -> None:
    with pytest.raises(StopError):
        trained(tmp_path, stop_at=2)

    with pytest.raises(TrainingFolderError, match="its data set has changed"):
        trained(tmp_path, patients=23)
    with pytest.raises(TrainingFolderError, match="were cut anew from other mammograms"):
        read_members(training_of(tmp_path))


def test_before_a_training_begins_something_else_may_be_held_out(tmp_path: Path) -> None:
    large = GeneratorTraining(epochs=1, batch_size=4000)
    with pytest.raises(Exception, match="fewer than one batch"):
        trained(tmp_path, PLAN.model_copy(update={"training": large}))
    assert not (training_of(tmp_path) / RUN).exists()

    decided = decide(
        training_of(tmp_path), tmp_path, MANY, HoldOut(share=0.9, seed=1), started=False
    )

    assert decided is not None
    assert decided.share == 0.9
