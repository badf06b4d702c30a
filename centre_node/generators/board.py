"""What a training tells TensorBoard: a step there is an epoch here."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from centre_node.generators.errors import TensorboardMissingError
from centre_node.generators.progress import FinishedEpoch
from centre_node.generators.state import TrainingState

BOARD = "tensorboard"


class Board:
    """Writes event files. It reads a training's state and changes nothing in it."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def write_epoch(self, event: FinishedEpoch, state: TrainingState) -> None:
        """Write the numbers of a finished epoch; those of what the training lacks are left out."""
        values = {
            "loss/discriminator": event.discriminator_loss,
            "loss/generator": event.generator_loss,
            "patches_per_second": event.patches_per_second,
            "learning_rate": float(state.generator_optimiser.param_groups[0]["lr"]),
            "penalty_weight": float(state.penalty_weight) or None,
            "augmentation/probability": (
                None if state.augmenter is None else float(state.augmenter.probability)
            ),
            "augmentation/overfitting": (
                None if state.augmenter is None else float(state.augmenter.overfitting)
            ),
        }
        for name, value in values.items():
            if value is not None:
                self._writer.add_scalar(name, value, event.epoch)

    def write_samples(self, epoch: int, sheet: NDArray[np.uint8], diversity: float | None) -> None:
        """Write a sheet of samples, 8-bit, shape (height, width), and how diverse they are."""
        self._writer.add_image("samples", sheet, epoch, dataformats="HW")
        if diversity is not None:
            self._writer.add_scalar("diversity", diversity, epoch)
        self._writer.flush()


def check_tensorboard() -> None:
    """Check that TensorBoard is installed.

    Raises:
        TensorboardMissingError: It is not.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise TensorboardMissingError(
            "the training is to write for TensorBoard, but the package tensorboard is not installed"
        )


@contextmanager
def open_board(folder: Path, *, epochs_done: int) -> Iterator[Board]:
    """Give a board that writes to a training's folder, under `tensorboard`.

    Args:
        epochs_done: What was written of later epochs, by a training that was cut off after its
            last checkpoint, TensorBoard is told to forget.
    """
    from torch.utils.tensorboard import SummaryWriter  # an extra that most nodes do without

    purge = epochs_done + 1 if (folder / BOARD).exists() else None
    with SummaryWriter(str(folder / BOARD), purge_step=purge) as writer:
        yield Board(writer)
