"""What is painted: by how much a lesion differs from the tissue beneath it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.painting.ellipses import Ellipse
from centre_node.painting.harmonic_fill import harmonic_fill

TAPER = 0.25
"""Share of the radius, from the edge inwards, over which a residual fades in."""

CORE = 0.6
"""Share of the radius within which contrast is measured."""


@dataclass(frozen=True)
class Marks:
    """What is painted, each in a patch of its own.

    Attributes:
        residuals: Grey values to add, 0 outside the ellipse, shape (n, size, size).
        ellipses: Where in its patch each lies.
        contrasts: Mean grey value that each adds in the middle of its ellipse, shape (n,).
    """

    residuals: NDArray[np.float32]
    ellipses: tuple[Ellipse, ...]
    contrasts: NDArray[np.float64]

    def times(self, factor: float) -> "Marks":
        """Return marks that are all stronger or weaker by a factor."""
        stronger = (self.residuals * factor).astype(np.float32)
        return Marks(stronger, self.ellipses, self.contrasts * factor)


def residual_marks(patches: NDArray[np.uint8], ellipses: Sequence[Ellipse]) -> Marks:
    """Take what lies in each patch's ellipse off the tissue that is carried on beneath it.

    Args:
        patches: Shape (n, size, size).
        ellipses: One for each patch.
    """
    residuals = np.empty(patches.shape, dtype=np.float32)
    contrasts = np.empty(len(patches))
    for index, (patch, ellipse) in enumerate(zip(patches, ellipses, strict=True)):
        radii = ellipse.radii(patches.shape[1])
        beneath = harmonic_fill(patch, ellipse.inside(patches.shape[1]))
        residuals[index] = (patch - beneath) * faded((1 - radii) / TAPER)
        contrasts[index] = residuals[index][radii < CORE].mean()
    return Marks(residuals, tuple(ellipses), contrasts)


def faded(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rise from 0 at a depth of 0 to 1 at a depth of 1, without a corner at either end."""
    depth = np.clip(depth, 0, 1)
    return depth * depth * (3 - 2 * depth)
