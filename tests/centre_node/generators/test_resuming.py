import errno
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import cycle, product
from pathlib import Path
from typing import Any

import pytest
import torch
from typing_extensions import Buffer

from centre_node.errors import TrainingDivergedError
from centre_node.generators.checkpoints import load_checkpoint, training_run
from centre_node.generators.errors import CheckpointError
from centre_node.generators.state import new_state
from node_api.generator_training import Augmentation
from shared.architectures import Architecture
from shared.errors import OutOfSpaceError
from shared.files import full_disk_named
from tests.centre_node.generators.tiny import (
    ARCHITECTURE,
    CPU,
    LOSSES,
    RESIDUAL,
    StopError,
    discs,
    settings,
    stop_after,
    train,
)


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A folder whose training was cancelled after 3 of 4 epochs, with a checkpoint of the 2nd."""
    folder = tmp_path / "stopped"
    with pytest.raises(StopError):
        train(folder, settings(), on_progress=stop_after(3))
    return folder


def test_a_resumed_training_is_the_uninterrupted_one(stopped: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    expected = train(whole, settings()).read_bytes()
    epochs: list[int] = []

    weights = train(stopped, settings(), on_progress=lambda event: epochs.append(event.epoch))

    assert epochs == [3, 4]
    assert weights.read_bytes() == expected
    assert (stopped / "losses.csv").read_bytes() == (whole / "losses.csv").read_bytes()
    last = Path("samples") / "epoch-0004.png"
    assert (stopped / last).read_bytes() == (whole / last).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "architecture", "stopped_after"),
    [
        (*networks, epoch)
        for networks, epoch in zip(
            product(LOSSES, (ARCHITECTURE, RESIDUAL)), cycle((1, 3, 6)), strict=False
        )
    ],
)
def test_a_training_stopped_after_any_epoch_goes_on_to_the_same_bits(
    tmp_path: Path, loss: str, architecture: Architecture, stopped_after: int
) -> None:
    training = settings(
        loss=loss,
        epochs=7,
        average_half_life_images=50,
        augmentation=Augmentation(probability=0.3, images_to_full=100),
        learning_rate_end=1e-5,
        keep_weights_from_epoch=5,
    )
    with pytest.raises(StopError):
        train(
            tmp_path / "stopped",
            training,
            architecture=architecture,
            on_progress=stop_after(stopped_after),
        )

    for name in ("stopped", "whole"):
        train(tmp_path / name, training, architecture=architecture)

    stopped, whole = (_content(tmp_path / name) for name in ("stopped", "whole"))
    assert stopped["state"].keys() == whole["state"].keys()
    assert _same(stopped["state"], whole["state"])
    for name in ("weights.safetensors", "weights-epoch-0005.safetensors", "losses.csv"):
        paths = (tmp_path / folder / name for folder in ("stopped", "whole"))
        assert len({path.read_bytes() for path in paths}) == 1


def _content(folder: Path) -> Any:
    return torch.load(folder / "checkpoint.pt", weights_only=True)


def _same(one: Any, other: Any) -> bool:
    match one:
        case torch.Tensor():
            return torch.equal(one, other)
        case dict():
            return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
        case list() | tuple():
            return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def test_a_checkpoint_holds_all_that_a_training_has_gathered(tmp_path: Path) -> None:
    train(tmp_path, settings(loss="relativistic"))

    state = _content(tmp_path)["state"]

    assert sorted(state) == [
        "augmenter",
        "average",
        "discriminator",
        "discriminator_optimiser",
        "diversity",
        "generator",
        "generator_optimiser",
        "losses",
        "random",
    ]
    assert state["augmenter"]["overfitting"] != 0
    assert state["diversity"] > 0


def test_a_resumed_bfloat16_training_is_the_uninterrupted_one(tmp_path: Path) -> None:
    training = settings(precision="bfloat16")
    with pytest.raises(StopError):
        train(tmp_path / "stopped", training, on_progress=stop_after(2))

    resumed = train(tmp_path / "stopped", training).read_bytes()

    assert resumed == train(tmp_path / "whole", training).read_bytes()


def test_a_finished_training_is_not_run_again(tmp_path: Path) -> None:
    weights = train(tmp_path, settings())
    changed = weights.stat().st_mtime_ns

    assert train(tmp_path, settings(), on_progress=stop_after(1)) == weights
    assert weights.stat().st_mtime_ns == changed


def test_lost_weights_are_exported_again_from_the_last_checkpoint(tmp_path: Path) -> None:
    weights = train(tmp_path, settings())
    expected = weights.read_bytes()
    weights.unlink()

    assert train(tmp_path, settings(), on_progress=stop_after(1)).read_bytes() == expected


@pytest.mark.parametrize("changes", [{"seed": 1}, {"learning_rate": 1e-4}, {"epochs": 5}])
def test_another_configurations_folder_is_refused(stopped: Path, changes: dict[str, float]) -> None:
    with pytest.raises(CheckpointError, match="another architecture, configuration or patches"):
        train(stopped, settings(**changes))


def test_other_patches_folder_is_refused(stopped: Path) -> None:
    with pytest.raises(CheckpointError, match="another architecture, configuration or patches"):
        train(stopped, settings(), patches=discs(14, seed=1))


def test_another_trainings_checkpoint_is_refused(stopped: Path, tmp_path: Path) -> None:
    with pytest.raises(StopError):
        train(tmp_path / "other", settings(seed=1), on_progress=stop_after(2))
    (stopped / "checkpoint.pt").write_bytes((tmp_path / "other" / "checkpoint.pt").read_bytes())

    with pytest.raises(CheckpointError, match="belongs to a training with another"):
        train(stopped, settings())


def test_a_checkpoint_that_nothing_describes_is_refused(stopped: Path) -> None:
    (stopped / "training.json").unlink()

    with pytest.raises(CheckpointError, match=r"no training\.json"):
        train(stopped, settings())


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scratched(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = slice(len(content) // 2, len(content) // 2 + 256)
    content[middle] = bytes(byte ^ 1 for byte in content[middle])
    path.write_bytes(content)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def foreign(path: Path) -> None:
    torch.save([torch.zeros(3)], path)


@pytest.mark.parametrize("damaged", [truncated, scratched, emptied, foreign])
def test_a_damaged_checkpoint_is_refused(stopped: Path, damaged: Callable[[Path], None]) -> None:
    damaged(stopped / "checkpoint.pt")

    with pytest.raises(CheckpointError, match=r"checkpoint\.pt is (damaged|no readable)"):
        train(stopped, settings())


def test_a_full_disk_is_named_and_leaves_the_last_checkpoint(
    stopped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = (stopped / "checkpoint.pt").read_bytes()

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(OutOfSpaceError, match="no space is left"):
            train(stopped, settings())

    assert (stopped / "checkpoint.pt").read_bytes() == checkpoint
    assert not list(stopped.glob(".*"))
    assert train(stopped, settings()).exists()


def test_a_training_that_diverges_keeps_its_last_checkpoint(tmp_path: Path) -> None:
    training = settings(epochs=400, learning_rate=0.1, checkpoint_every_epochs=1)
    with pytest.raises(StopError):
        train(tmp_path, training, on_progress=stop_after(1))
    content = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    content["state"]["generator"]["output.weight"][0, 0, 0, 0] = 1e38
    content["state"]["discriminator"]["output.weight"][:] = 1e38
    torch.save(content, tmp_path / "checkpoint.pt")
    checkpoint = (tmp_path / "checkpoint.pt").read_bytes()

    with pytest.raises(TrainingDivergedError, match=r"epoch 2 .* last good .* of epoch 1"):
        train(tmp_path, training)

    assert (tmp_path / "checkpoint.pt").read_bytes() == checkpoint


KILLED_SETTINGS = settings(
    recipe="improved",
    epochs=10,
    checkpoint_every_epochs=1,
    keep_weights_from_epoch=3,
    keep_weights_every_epochs=3,
)
KILLED_RUN = """
import os
import signal
import sys
from pathlib import Path

import torch

from tests.centre_node.generators import test_resuming, tiny

moment, left = sys.argv[2], int(sys.argv[3])
fsync, replace = os.fsync, Path.replace

def is_last():
    global left
    left -= 1
    return left == 0

def half_written(file):
    fsync(file)
    path = Path(f"/proc/self/fd/{file}").readlink()
    if path.name.startswith(".checkpoint") and is_last():
        os.truncate(path, path.stat().st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)

def just_replaced(path, target):
    replace(path, target)
    if is_last():
        os.kill(os.getpid(), signal.SIGKILL)

if moment == "half-written":
    os.fsync = half_written
else:
    Path.replace = just_replaced
torch.set_num_threads(1)
tiny.train(Path(sys.argv[1]), test_resuming.KILLED_SETTINGS)
"""


@pytest.mark.slow
def test_a_process_killed_while_it_writes_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    for moment, writes in (("half-written", 3), ("just-replaced", 8)):
        killed = [sys.executable, "-c", KILLED_RUN, str(tmp_path / "killed"), moment, str(writes)]
        done = subprocess.run(killed, cwd=Path(__file__).parents[3], check=False)
        assert done.returncode == -signal.SIGKILL

    train(tmp_path / "killed", KILLED_SETTINGS)
    train(tmp_path / "whole", KILLED_SETTINGS)
    for path in (tmp_path / "whole").glob("*.safetensors"):
        assert path.read_bytes() == (tmp_path / "killed" / path.name).read_bytes(), path.name
    assert (tmp_path / "killed" / "losses.csv").read_bytes() == (
        tmp_path / "whole" / "losses.csv"
    ).read_bytes()
    assert not list((tmp_path / "killed").rglob("*.part"))


class _FullDisk(io.BytesIO):
    """Takes so many bytes and then answers as a full disk does."""

    def __init__(self, free: int) -> None:
        super().__init__()
        self._free = free

    def write(self, data: Buffer, /) -> int:
        if self.tell() + memoryview(data).nbytes > self._free:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("free", [0, 1000, 5000, 20000, 100000])
def test_a_disk_that_fills_up_within_a_checkpoint_is_named(tmp_path: Path, free: int) -> None:
    content = {f"tensor {number}": torch.zeros(1000) for number in range(50)}

    with pytest.raises(OutOfSpaceError, match="no space is left"), full_disk_named(tmp_path):
        torch.save(content, _FullDisk(free))


def test_a_checkpoint_of_another_device_is_resumed_as_this_one_needs(stopped: Path) -> None:
    training = settings()
    run = training_run(discs(14), ARCHITECTURE, training)
    content = torch.load(stopped / "checkpoint.pt", weights_only=True)
    for name in ("generator_optimiser", "discriminator_optimiser"):
        content["state"][name]["param_groups"][0]["capturable"] = True  # as on CUDA
    torch.save(content, stopped / "checkpoint.pt")
    state = new_state(ARCHITECTURE, training, CPU)

    load_checkpoint(stopped, state, run)

    assert state.epoch == 2
    for optimiser in (state.generator_optimiser, state.discriminator_optimiser):
        assert optimiser.param_groups[0]["capturable"] is False
