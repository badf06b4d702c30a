"""Features of the grey level run length matrix (GLRLM): how far one level reaches on a line."""

import torch
from torch import Tensor

from centre_node.fidelity.radiomics.grey_levels import LEVELS, entropy, image_level_keys

NAMES = (
    "GrayLevelNonUniformity",
    "GrayLevelNonUniformityNormalized",
    "GrayLevelVariance",
    "HighGrayLevelRunEmphasis",
    "LongRunEmphasis",
    "LongRunHighGrayLevelEmphasis",
    "LongRunLowGrayLevelEmphasis",
    "LowGrayLevelRunEmphasis",
    "RunEntropy",
    "RunLengthNonUniformity",
    "RunLengthNonUniformityNormalized",
    "RunPercentage",
    "RunVariance",
    "ShortRunEmphasis",
    "ShortRunHighGrayLevelEmphasis",
    "ShortRunLowGrayLevelEmphasis",
)
STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""The four directions as (rows, columns)."""


def run_length_features(levels: Tensor) -> Tensor:
    """Return the 16 features of the run length matrix, averaged over 4 directions.

    Args:
        levels: uint8, shape (m, side, side).

    Returns:
        float64, shape (m, 16).
    """
    runs = run_lengths(levels)
    count = runs.sum((2, 3))  # (m, 4)
    by_level, by_length = runs.sum(3), runs.sum(2)
    level = torch.arange(1, LEVELS + 1, dtype=torch.float64, device=levels.device)
    length = torch.arange(1, runs.shape[3] + 1, dtype=torch.float64, device=levels.device)
    level_evenness = by_level.square().sum(2) / count
    length_evenness = by_length.square().sum(2) / count
    features = {
        **_emphases(runs, level, length, count),
        "GrayLevelNonUniformity": level_evenness,
        "GrayLevelNonUniformityNormalized": level_evenness / count,
        "GrayLevelVariance": _variance(by_level / count[..., None], level),
        "RunEntropy": entropy((runs / count[..., None, None]).flatten(2)),
        "RunLengthNonUniformity": length_evenness,
        "RunLengthNonUniformityNormalized": length_evenness / count,
        "RunPercentage": count / levels[0].numel(),
        "RunVariance": _variance(by_length / count[..., None], length),
    }
    return torch.stack([features[name].mean(1) for name in NAMES], dim=1)


def run_lengths(levels: Tensor) -> Tensor:
    """Count runs by level and length, from 1 to the longest of all, in 4 directions.

    A run of length L has a pixel with L, one with L - 1 ... and one with 1 pixel left of it. So
    the pixels with k left are as many as the runs of at least k, and no run has to be found.

    Args:
        levels: uint8, shape (m, side, side).

    Returns:
        Counts, float64, shape (m, 4, 32, longest).
    """
    places = len(levels) * LEVELS
    left = [_left_of_run(levels, *step) for step in STEPS]
    longest = max(int(direction.max()) for direction in left)
    keys = image_level_keys(levels) * longest - 1
    counts = [
        torch.bincount((keys + direction.int()).flatten(), minlength=places * longest)
        for direction in left
    ]
    at_least = torch.stack(counts).view(4, len(levels), LEVELS, longest).transpose(0, 1).double()
    at_least[..., :-1] -= at_least[..., 1:].clone()
    return at_least


def _left_of_run(levels: Tensor, rows: int, columns: int) -> Tensor:
    """Return how many pixels of its run lie at or after each pixel; shape (m, side, side).

    What is known up to a reach of 2^k is doubled by looking 2^k pixels ahead.
    """
    side = levels.shape[1]
    whole = torch.uint8 if side < 256 else torch.int16
    left = torch.ones_like(levels, dtype=whole)
    goes_on = torch.zeros_like(left)  # 1 where the run is longer than the reach
    here, ahead = _shifted(rows, columns, 1)
    goes_on[here] = levels[here] == levels[ahead]
    reach = 1
    while reach < side and bool(goes_on.max()):
        here, ahead = _shifted(rows, columns, reach)
        left[here] += left[ahead] * goes_on[here]
        goes_on[here] &= goes_on[ahead].clone()
        reach *= 2
    return left


def _shifted(rows: int, columns: int, distance: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return the pixels that have one `distance` steps ahead, and those ahead."""
    down, across = rows * distance, columns * distance
    vertical = (slice(None, -down or None), slice(down, None))
    horizontal = (
        slice(max(-across, 0), -across if across > 0 else None),
        slice(max(across, 0), across if across < 0 else None),
    )
    here, ahead = ((slice(None), y, x) for y, x in zip(vertical, horizontal, strict=True))
    return here, ahead


def _emphases(runs: Tensor, level: Tensor, length: Tensor, count: Tensor) -> dict[str, Tensor]:
    """Return means over runs of the level and the length, each squared, inverted or left out."""
    by_length = torch.stack([length**-2, torch.ones_like(length), length**2])
    by_level = torch.stack([level**-2, torch.ones_like(level), level**2])
    means = by_level @ (runs @ by_length.T) / count[..., None, None]  # (m, 4, 3, 3)
    short, any_length, long = means.unbind(3)
    return {
        "ShortRunEmphasis": short[..., 1],
        "LongRunEmphasis": long[..., 1],
        "LowGrayLevelRunEmphasis": any_length[..., 0],
        "HighGrayLevelRunEmphasis": any_length[..., 2],
        "ShortRunLowGrayLevelEmphasis": short[..., 0],
        "ShortRunHighGrayLevelEmphasis": short[..., 2],
        "LongRunLowGrayLevelEmphasis": long[..., 0],
        "LongRunHighGrayLevelEmphasis": long[..., 2],
    }


def _variance(probabilities: Tensor, values: Tensor) -> Tensor:
    mean = probabilities @ values
    return (probabilities * (values - mean[..., None]) ** 2).sum(2)
