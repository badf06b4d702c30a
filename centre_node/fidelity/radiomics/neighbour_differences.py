"""Features of the neighbouring grey tone difference matrix (NGTDM)."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import pad

from centre_node.fidelity.radiomics.grey_levels import LEVELS, image_level_keys

NAMES = ("Busyness", "Coarseness", "Complexity", "Contrast", "Strength")
COARSENESS_OF_FLAT = 1e6
COMMON_MULTIPLE = 120
"""Of 3, 5 and 8 neighbours, at a corner, at an edge and within."""


def neighbour_difference_features(levels: Tensor, counts: Tensor) -> Tensor:
    """Return the 5 features of the differences between pixels and the mean of their neighbours.

    A flat image has coarseness 1e6 and 0 for the rest, as in pyradiomics.

    Args:
        levels: uint8, shape (m, side, side).
        counts: Pixels at each grey level, float64, shape (m, 32).

    Returns:
        float64, shape (m, 5).
    """
    pixels = levels[0].numel()
    shares, differences = counts / pixels, neighbour_differences(levels)
    level = torch.arange(1, LEVELS + 1, dtype=torch.float64, device=levels.device)
    present = counts > 0
    both = (present[:, :, None] & present[:, None, :]).double()  # (m, 32, 32)
    distance = (level[:, None] - level).abs()
    weighted, total = shares * differences, differences.sum(1)
    roughness = weighted.sum(1)
    spread = _pairwise(shares * level, torch.sub).abs_().mul_(both).sum((1, 2))
    uneven = (both * distance).div_(_pairwise(shares, torch.add).clamp_(min=1 / pixels)).sum(2)
    apart = present.double() @ distance**2
    variance = shares @ level**2 - (shares @ level) ** 2
    pairs = (present.sum(1) * (present.sum(1) - 1)).double()
    features = {
        "Busyness": _ratio(roughness, spread),
        "Coarseness": torch.where(
            roughness > 0, 1 / torch.where(roughness > 0, roughness, 1.0), COARSENESS_OF_FLAT
        ),
        "Complexity": 2 * (weighted * uneven).sum(1) / pixels,
        "Contrast": _ratio(2 * variance * total / pixels, pairs),
        "Strength": _ratio(2 * (shares * apart).sum(1), total),
    }
    return torch.stack([features[name] for name in NAMES], dim=1)


def neighbour_differences(levels: Tensor) -> Tensor:
    """Sum, for each level, how far its pixels are from the mean of the up to 8 around them.

    Args:
        levels: uint8, shape (m, side, side).

    Returns:
        In grey levels, float64, shape (m, 32).
    """
    values = levels.short()
    around = _sum_of_3_by_3(values).sub_(values)
    neighbours = _sum_of_3_by_3(torch.ones_like(values[:1])) - 1
    apart = around.mul_(COMMON_MULTIPLE // neighbours).sub_(values, alpha=COMMON_MULTIPLE).abs_()
    sums = torch.bincount(
        image_level_keys(levels).flatten(),
        weights=apart.flatten(),
        minlength=len(levels) * LEVELS,
    )
    return sums.view(len(levels), LEVELS) / COMMON_MULTIPLE


def _sum_of_3_by_3(values: Tensor) -> Tensor:
    padded = pad(values, (1, 1, 1, 1))
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]


def _pairwise(values: Tensor, operation: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    return operation(values[:, :, None], values[:, None, :])


def _ratio(value: Tensor, divisor: Tensor) -> Tensor:
    """Return value / divisor, and 0 where the divisor is 0."""
    return torch.where(divisor > 0, value / torch.where(divisor > 0, divisor, 1.0), 0.0)
