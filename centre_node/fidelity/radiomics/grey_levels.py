"""Sorting an image's values into grey levels, which the texture features count."""

import torch
from torch import Tensor
from torch.nn.functional import pad

LEVELS = 32
OUTSIDE = LEVELS
STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""The four directions of the textures as (rows, columns)."""

FLAT_RANGE = 1e-3
FLAT_LEVEL = LEVELS // 2


def grey_levels(images: Tensor) -> Tensor:
    """Return the level of each pixel, 0 to 31; they share an image's own range equally.

    An image whose values span no more than a thousandth of a grey value is flat: all that is
    left of its texture is rounding. All of its pixels are at level 16, as in pyradiomics.

    Deviation: the published settings of the radiomic distance use a bin width, which keeps
    contrast. It needs a unit that film and digital patches lack; first-order features keep it.

    Args:
        images: float32, shape (m, side, side).

    Returns:
        uint8, shape (m, side, side).
    """
    lowest, highest = (extreme((1, 2), keepdim=True) for extreme in (images.amin, images.amax))
    span = highest - lowest
    flat = span <= FLAT_RANGE
    shares = ((images - lowest) * LEVELS).div_(torch.where(flat, torch.inf, span))
    levels = shares.to(torch.uint8).clamp_(max=LEVELS - 1)  # rounds down
    return levels.add_(flat.to(torch.uint8) * FLAT_LEVEL)


def level_counts(levels: Tensor) -> Tensor:
    """Return how many pixels of each image are at each level; float64, shape (m, 32)."""
    counts = torch.bincount(image_level_keys(levels).flatten(), minlength=len(levels) * LEVELS)
    return counts.double().view(len(levels), LEVELS)


def image_level_keys(levels: Tensor) -> Tensor:
    """Return 32 times the image's number plus the level; int32, shape (m, side, side)."""
    images = torch.arange(len(levels), dtype=torch.int32, device=levels.device)
    return images[:, None, None] * LEVELS + levels.int()


def in_one_line(levels: Tensor) -> Tensor:
    """Return all pixels, row by row, with a pixel `OUTSIDE` after each row and a row of them below.

    A step in one of the four directions is then one distance along the line, for all pixels of
    all images at once, and never leads from one edge to another.

    Args:
        levels: uint8, shape (m, side, side).

    Returns:
        uint8, shape (m * (side + 1)^2,).
    """
    return pad(levels, (0, 1, 0, 1), value=OUTSIDE).flatten()


def entropy(probabilities: Tensor) -> Tensor:
    """Return the entropy in bits over the last dimension; 0 log 0 is 0."""
    return -(probabilities * torch.log2(probabilities + torch.finfo(torch.float64).eps)).sum(-1)
