"""Features of the grey level run length matrix (GLRLM): how far one level reaches on a line."""

import torch
from torch import Tensor

from centre_node.fidelity.radiomics.grey_levels import (
    LEVELS,
    OUTSIDE,
    STEPS,
    entropy,
    in_one_line,
)

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
    count, side, _ = levels.shape
    room = OUTSIDE + 1
    line = in_one_line(levels).to(torch.uint8 if side < 256 else torch.int16)
    inside = line != torch.full_like(line, OUTSIDE)
    distances = [rows * (side + 1) + columns for rows, columns in STEPS]
    more = [_more_of_run(line, inside, distance) for distance in distances]
    longest = 1 + max(int(direction.max()) for direction in more)
    images = torch.arange(count, dtype=torch.int32, device=levels.device)
    keys = ((images[:, None] * room + line.view(count, -1).int()) * longest).flatten()
    counts = [
        torch.bincount(keys + direction.int(), minlength=count * room * longest)
        for direction in more
    ]
    at_least = torch.stack([direction.view(count, room, -1) for direction in counts], dim=1)
    runs = at_least[:, :, :LEVELS].double()
    runs[..., :-1] -= at_least[:, :, :LEVELS, 1:]
    return runs


def _more_of_run(line: Tensor, inside: Tensor, distance: int) -> Tensor:
    """Return how many pixels of its run lie after each pixel, in steps of a distance.

    Whoever has 2^k more within a reach of 2^k steps, has those of the pixel 2^k steps ahead too.
    """
    more = torch.zeros_like(line)
    more[:-distance] = (line[:-distance] == line[distance:]) & inside[distance:]
    power = 0
    while int(more.max()) == 2**power:
        here, ahead = more[: -distance << power], more[distance << power :]
        here += (here >> power) * ahead
        power += 1
    return more


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
