"""What a training tells as it goes: progress events and losses.csv. Light: no tensor library."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HEADER = "epoch,discriminator_loss,generator_loss"


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """One finished epoch; `epoch` counts from 1 to `epochs`, losses are means over its steps."""

    epoch: int
    epochs: int
    discriminator_loss: float
    generator_loss: float
    patches_per_second: float


def write_losses(path: Path, losses: Iterable[tuple[float, float]]) -> None:
    """Start a losses.csv anew with the losses of the epochs so far."""
    rows = (_row(epoch, *pair) for epoch, pair in enumerate(losses, start=1))
    path.write_text("\n".join([HEADER, *rows]) + "\n")


def append_losses(path: Path, event: TrainingProgress) -> None:
    """Add one epoch's row."""
    with path.open("a") as file:
        file.write(_row(event.epoch, event.discriminator_loss, event.generator_loss) + "\n")


def _row(epoch: int, discriminator_loss: float, generator_loss: float) -> str:
    return f"{epoch},{discriminator_loss:.6f},{generator_loss:.6f}"
