"""Sorting an image's values into grey levels, which the texture features count."""

import torch
from torch import Tensor

LEVELS = 32
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


def image_level_keys(levels: Tensor, room: int = LEVELS) -> Tensor:
    """Return `room` times the image's number plus the level; int32, shape (m, side, side)."""
    images = torch.arange(len(levels), dtype=torch.int32, device=levels.device)
    return images[:, None, None] * room + levels.int()


def entropy(probabilities: Tensor) -> Tensor:
    """Return the entropy in bits over the last dimension; 0 log 0 is 0."""
    return -(probabilities * torch.log2(probabilities + torch.finfo(torch.float64).eps)).sum(-1)
