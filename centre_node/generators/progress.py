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
        discriminator_loss: Mean over its steps; in a private training of its loss on synthetic
            patches, and None where the epoch was too short for a step of the generator.
        generator_loss: Mean over its steps; None where the epoch was too short for one.
        patches_per_second: Real patches shown; in a private training as many as are on average.
        seconds_left: Until the last epoch ends, at the mean pace of this process so far.
        warning: What a person should look at, if anything.
    """

    epoch: int
    epochs: int
    discriminator_loss: float | None
    generator_loss: float | None
    patches_per_second: float
    seconds_left: float
    warning: str | None = None

    @property
    def message(self) -> str:
        """The epoch in a line for a person."""
        both = (self.discriminator_loss, self.generator_loss)
        losses = " and ".join(f"{loss:.2f}" for loss in both if loss is not None)
        return f"losses {losses or 'none'}, {self.patches_per_second:.0f} patches/s"


def write_losses(path: Path, losses: Iterable[tuple[float | None, float | None]]) -> None:
    """Start a losses.csv anew with the losses of the epochs so far."""
    rows = (_row(epoch, *pair) for epoch, pair in enumerate(losses, start=1))
    path.write_text("\n".join([HEADER, *rows]) + "\n")


def append_losses(path: Path, event: FinishedEpoch) -> None:
    """Add one epoch's row."""
    with path.open("a") as file:
        file.write(_row(event.epoch, event.discriminator_loss, event.generator_loss) + "\n")


def _row(epoch: int, *losses: float | None) -> str:
    return ",".join([str(epoch), *("" if loss is None else f"{loss:.6f}" for loss in losses)])
