"""Residuals as 8-bit patches: what a generator of residuals learns and draws."""

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.patch_store import PatchStore
from centre_node.painting.ellipses import Ellipse, lesion_ellipse
from centre_node.painting.marks import CORE, Marks, faded, residual_marks

Pixels = NDArray[np.uint8]

NOTHING = 128
"""Grey of a pixel that adds nothing to the tissue beneath it."""

RIM = 0.1
"""Share of the radius, from the edge inwards, over which a drawn residual fades in: what a
generator draws beside its lesion is not painted."""


def residual_patches(store: PatchStore, lesions: NDArray[np.int64], *, size: int) -> Pixels:
    """Return what lesions add to the tissue beneath them, shape (n, size, size).

    Each is stretched until its ellipse is the circle that fills the patch: the sizes and shapes of
    lesions are not in it, and a receiver gives those of its own. What adds more than 127 greys, or
    takes off more than 128, is cut off there.

    Args:
        lesions: Records of lesions.
    """
    ellipses = [lesion_ellipse(store, int(index), size=size) for index in lesions]
    marks = residual_marks(store.centred_crops(lesions, size=size), ellipses)
    added = np.empty((len(ellipses), size, size), dtype=np.float32)
    for index, ellipse in enumerate(ellipses):
        cv2.warpAffine(
            marks.residuals[index],
            _to_circle(ellipse, size),
            (size, size),
            added[index],
            flags=cv2.INTER_CUBIC,
        )
    return np.clip(np.rint(added + NOTHING), 0, 255).astype(np.uint8)


def drawn_marks(patches: Pixels) -> Marks:
    """Return what residual patches add, to be painted in the axes of lesions.

    Args:
        patches: Shape (n, size, size).
    """
    size = patches.shape[1]
    circle = Ellipse(size / 2, size / 2, size / 2, size / 2)
    radii = circle.radii(size)
    residuals = (patches.astype(np.float32) - NOTHING) * faded((1 - radii) / RIM)
    return Marks(
        residuals=residuals,
        ellipses=(circle,) * len(patches),
        contrasts=residuals[:, radii < CORE].mean(axis=1).astype(np.float64),
    )


def _to_circle(ellipse: Ellipse, size: int) -> NDArray[np.float64]:
    """Return the affine map of an ellipse to the circle that fills its patch, shape (2, 3)."""
    stretch = np.array([size / 2 / ellipse.half_width, size / 2 / ellipse.half_height])
    # OpenCV's pixels have their centres at whole numbers, ours at halves.
    middle = np.array([ellipse.x, ellipse.y]) - 0.5
    moved = size / 2 - 0.5 - stretch * middle
    return np.column_stack([np.diag(stretch), moved])
