"""The most exposed patches, as a picture. It shows real patches: it stays in the centre."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

DOTS_PER_INCH = 100
PATCH_INCHES = 0.95
COLUMNS = ("patch", "nearest sample", "reconstruction", "nearest held-out")


@dataclass(frozen=True, slots=True)
class Exposed:
    """A patch beside what is nearest to it; all 8-bit, shape (side, side).

    Attributes:
        distances: Of the three others, with pixels of 0 to 1.
    """

    patch: NDArray[np.uint8]
    sample: NDArray[np.uint8]
    reconstruction: NDArray[np.uint8]
    held_out: NDArray[np.uint8]
    distances: tuple[float, float, float]


def exposed_patches(members: Sequence[Exposed], held_out: Sequence[Exposed]) -> bytes:
    """Return a PNG with a row for each of the most exposed members, held-out ones beside them.

    The held-out patches were never shown to the generator: what it draws nearer to members than to
    these is what it may have kept.

    Args:
        members: At least one.
        held_out: May be fewer.
    """
    rows = max(len(members), len(held_out))
    height = rows * (PATCH_INCHES + 0.16) + 0.9
    figure = Figure(figsize=(9 * PATCH_INCHES, height), layout="constrained")
    sides: Any = figure.subfigures(1, 2, wspace=0.04)  # an array of two
    groups = (("trained on", members), ("held out, never trained on", held_out))
    for side, (title, group) in zip(sides, groups, strict=True):
        side.suptitle(title, fontsize=10)
        axes = side.subplots(rows, len(COLUMNS), squeeze=False)
        for place in axes.flatten():
            place.set_axis_off()
        for row, exposed in enumerate(group):
            _draw(axes[row], exposed, named=row == 0)
    return _png(figure)


def _draw(places: NDArray[np.object_], exposed: Exposed, *, named: bool) -> None:
    shown = (exposed.patch, exposed.sample, exposed.reconstruction, exposed.held_out)
    for column, (place, patch) in enumerate(zip(places, shown, strict=True)):
        place.imshow(patch, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        distance = f"{exposed.distances[column - 1]:.2f}" if column else ""
        place.set_title(
            "\n".join(filter(None, [COLUMNS[column] if named else "", distance])), fontsize=7
        )


def _png(figure: Figure) -> bytes:
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    return buffer.getvalue()
