"""Where in a patch its lesion lies: an ellipse about the lesion's box."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.patch_store import PatchStore

ROOM = 1.2
"""The ellipse is larger by this than the one inside the box: boxes often end at the lesion's edge,
and what surrounds a lesion must be known to tell what lies beneath it."""

LEAST_HALF_PX = 2.0
"""A smaller lesion is painted from an ellipse of this half-width: it has an inside then."""


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An upright ellipse in a patch. All lengths in pixels of the patch, origin top left."""

    x: float
    y: float
    half_width: float
    half_height: float

    @property
    def reach(self) -> float:
        """The longer half-axis."""
        return max(self.half_width, self.half_height)

    def radii(self, size: int) -> NDArray[np.float32]:
        """Return each pixel's distance from the centre, 1 on the edge, shape (size, size)."""
        pixels = np.arange(size, dtype=np.float32) + 0.5
        across = (pixels - self.x) / self.half_width
        down = (pixels - self.y) / self.half_height
        radii: NDArray[np.float32] = np.hypot(across[None, :], down[:, None]).astype(np.float32)
        return radii

    def inside(self, size: int) -> NDArray[np.bool_]:
        """Return its pixels without those of the patch's border, shape (size, size)."""
        inside: NDArray[np.bool_] = self.radii(size) < 1
        inside[[0, -1]] = False
        inside[:, [0, -1]] = False
        return inside


def lesion_ellipse(store: PatchStore, index: int, *, size: int) -> Ellipse:
    """Return a lesion's ellipse in its centred square at `size` px.

    Args:
        index: Of a lesion's record; a healthy one has no box.
    """
    record = store.records[index]
    assert record.lesion is not None, "healthy patches have no lesion"
    left, top, right, bottom = record.lesion
    square = store.centred_square(index)
    scale = size / square.width
    return Ellipse(
        x=((left + right) / 2 - square.left) * scale,
        y=((top + bottom) / 2 - square.top) * scale,
        half_width=max((right - left) / 2 * scale * ROOM, LEAST_HALF_PX),
        half_height=max((bottom - top) / 2 * scale * ROOM, LEAST_HALF_PX),
    )
