"""Paints marks on healthy patches."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.painting.ellipses import Ellipse
from centre_node.painting.marks import Marks
from centre_node.painting.places import Places

LEAST_SHARE, MOST_SHARE = 0.1, 0.9
"""Quantiles of the own lesions' contrasts between which every painted one lies."""

MOST_STRETCH = 1.5
"""A lesion's residual is made so many times as strong, or as weak, at most."""

LEAST_CONTRAST = 1.0
"""Grey values: what is fainter has no contrast that could be stretched."""

Scales = NDArray[np.float64]


def drawn_scales(
    contrasts: Scales, own_contrasts: Scales, *, random: np.random.Generator
) -> Scales:
    """Return by how much each mark is made stronger, so that contrasts are those of own lesions.

    Each mark gets the contrast of an own lesion, drawn anew and capped at the 10 % and 90 %
    quantiles; none changes more than by half, so that its texture stays believable. A mark of
    next to no contrast, or less than none, stays as it is.

    Args:
        contrasts: Of the marks, shape (n,).
        own_contrasts: Of the centre's own lesions, at least one.
    """
    low, high = np.quantile(own_contrasts, (LEAST_SHARE, MOST_SHARE))
    wanted = np.clip(random.choice(own_contrasts, len(contrasts)), low, high)
    scales = wanted / np.maximum(contrasts, LEAST_CONTRAST)
    return np.where(
        contrasts >= LEAST_CONTRAST, np.clip(scales, 1 / MOST_STRETCH, MOST_STRETCH), 1.0
    )


def paint(
    backgrounds: NDArray[np.uint8],
    tissue: NDArray[np.float32],
    marks: Marks,
    *,
    which: NDArray[np.int64],
    middles: Places,
    scales: Scales,
    random: np.random.Generator,
    ellipses: Sequence[Ellipse] | None = None,
) -> NDArray[np.uint8]:
    """Add a mark to each patch, turned and flipped at random.

    The patch's own texture stays beneath the mark, as tissue does beneath a lesion in an X-ray.

    Args:
        backgrounds: Healthy patches, shape (n, size, size).
        tissue: How much of each pixel is tissue, 0 to 1; nothing is painted beside it, as above.
        which: The mark of each patch, shape (n,).
        middles: Where in each patch the middle of its mark goes; what is beside the patch is lost.
        scales: What each residual is multiplied by: 0 gives the patch back, shape (n,).
        ellipses: Whose axes the mark of each patch gets; None leaves it as large as it is.

    Returns:
        8-bit patches, shape (n, size, size), clipped to 0 to 255.
    """
    count, size = len(backgrounds), backgrounds.shape[1]
    have = [marks.ellipses[mark] for mark in which]
    maps = _maps(have, have if ellipses is None else ellipses, middles, random)
    added = np.empty((count, size, size), dtype=np.float32)
    for index, mark in enumerate(which):
        cv2.warpAffine(
            marks.residuals[mark], maps[index], (size, size), added[index], flags=cv2.INTER_CUBIC
        )
    added *= scales[:, None, None].astype(np.float32)
    added *= tissue
    added += backgrounds
    return np.clip(np.rint(added, out=added), 0, 255, out=added).astype(np.uint8)


def _maps(
    have: Sequence[Ellipse],
    get: Sequence[Ellipse],
    middles: Places,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Return affine maps of marks' pixels to those of their patches, shape (n, 2, 3)."""
    turns = random.uniform(0, 2 * np.pi, len(have))
    flips = random.choice((-1.0, 1.0), len(have))
    had = np.array([(one.half_width, one.half_height) for one in have]).reshape(-1, 2)
    gotten = np.array([(one.half_width, one.half_height) for one in get]).reshape(-1, 2)
    # OpenCV's pixels have their centres at whole numbers, ours at halves.
    had_middles = np.array([(one.x - 0.5, one.y - 0.5) for one in have]).reshape(-1, 2, 1)
    turned = np.array([[np.cos(turns), -np.sin(turns)], [np.sin(turns), np.cos(turns)]])
    stretched = gotten / had * np.column_stack([flips, np.ones_like(flips)])
    linear = turned.transpose(2, 0, 1) * stretched[:, None, :]  # (n, 2, 2)
    moved = middles[:, :, None] - 0.5 - linear @ had_middles
    return np.concatenate([linear, moved], axis=2)
