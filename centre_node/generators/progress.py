"""What a training tells as it goes: progress events and losses.csv."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LOSSES = "losses.csv"
HEADER = "epoch,discriminator_loss,generator_loss"


@dataclass(frozen=True, slots=True)
class FinishedEpoch:
    """One finished epoch.

    Attributes:
        epoch: Counts from 1 to `epochs`.
        discriminator_loss: Mean over its steps.
        generator_loss: Mean over its steps; None where the epoch was too short for one.
        patches_per_second: Real patches shown.
        seconds_left: Until the last epoch ends, at the mean pace of this process so far.
        warning: What a person should look at, if anything.
    """

    epoch: int
    epochs: int
    discriminator_loss: float
    generator_loss: float | None
    patches_per_second: float
    seconds_left: float
    warning: str | None = None

    @property
    def message(self) -> str:
        """The epoch in a line for a person."""
        losses = [f"{self.discriminator_loss:.2f}"]
        if self.generator_loss is not None:
            losses.append(f"{self.generator_loss:.2f}")
        return f"losses {' and '.join(losses)}, {self.patches_per_second:.0f} patches/s"


def write_losses(path: Path, losses: Iterable[tuple[float, float | None]]) -> None:
    """Start a losses.csv anew with the losses of the epochs so far."""
    rows = (_row(epoch, *pair) for epoch, pair in enumerate(losses, start=1))
    path.write_text("\n".join([HEADER, *rows]) + "\n")


def append_losses(path: Path, event: FinishedEpoch) -> None:
    """Add one epoch's row."""
    with path.open("a") as file:
        file.write(_row(event.epoch, event.discriminator_loss, event.generator_loss) + "\n")


def _row(epoch: int, discriminator_loss: float, generator_loss: float | None) -> str:
    return f"{epoch},{discriminator_loss:.6f}," + (
        "" if generator_loss is None else f"{generator_loss:.6f}"
    )
