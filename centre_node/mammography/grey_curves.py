"""One look for patches of several archives: a curve of greys, fitted to quantiles."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

LEVELS = (0.01, *(tenth / 10 for tenth in range(1, 10)), 0.99)
"""Quantiles that a curve is fitted to. Few, so that a few patches fix them; the darkest and the
lightest hundredth have no part, since a label or a burnt-out film edge would bend the curve."""


@dataclass(frozen=True)
class GreyCurve:
    """What each of the 256 greys becomes; a lighter grey never becomes a darker one.

    Attributes:
        table: Shape (256,).
    """

    table: Pixels

    def applied(self, patches: Pixels) -> Pixels:
        """Return patches of any shape with other greys."""
        return self.table[patches]


def fitted_curve(patches: Pixels, towards: Pixels) -> GreyCurve:
    """Fit the curve that gives patches the quantiles of others, and nothing else of theirs.

    Between the quantiles it is straight, and beyond the outer ones it goes on without a stretch.
    Patches that have the others' quantiles already are not changed.

    Args:
        patches: Whose greys are to change, shape (n, size, size), n at least one.
        towards: Whose greys they get, shape (m, size, size), m at least one.
    """
    have, get = (np.quantile(pixels, LEVELS) for pixels in (patches, towards))
    # A grey that is several quantiles of the patches gets the mean of what these become.
    have, which = np.unique(have, return_inverse=True)
    get = np.bincount(which, weights=get) / np.bincount(which)
    greys = np.arange(256)
    beyond = np.minimum(greys - have[0], 0) + np.maximum(greys - have[-1], 0)
    curve = np.interp(greys, have, get) + beyond
    return GreyCurve(np.clip(np.rint(curve), 0, 255).astype(np.uint8))
