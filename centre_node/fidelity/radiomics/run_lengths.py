"""Features of the grey level run length matrix (GLRLM): how far one level reaches on a line."""

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

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
OUTSIDE, WITH_OUTSIDE = LEVELS, LEVELS + 1


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

    A run of length L has a pixel with L - 1, one with L - 2 ... and one with 0 more behind it. So
    the pixels with k more are as many as the runs longer than k, and no run has to be found.

    All images make one line, with a pixel outside after each row and a row of them below each
    image: a step in a direction is then one distance in it, and never leads over an edge unseen.

    Args:
        levels: uint8, shape (m, side, side).

    Returns:
        Counts, float64, shape (m, 4, 32, longest).
    """
    side = levels.shape[2]
    bordered = pad(levels, (0, 1, 0, 1), value=OUTSIDE)
    line = bordered.flatten().to(torch.uint8 if side < 256 else torch.int16)
    inside = line != torch.full_like(line, OUTSIDE)
    steps = (1, side + 1, side + 2, side)  # right, below, below right, below left
    more = [_more_of_run(line, inside, step) for step in steps]
    longest = 1 + max(int(direction.max()) for direction in more)
    shape = (len(levels), WITH_OUTSIDE, longest)
    keys = image_level_keys(bordered, WITH_OUTSIDE).flatten() * longest
    counts = [
        torch.bincount(keys + direction.int(), minlength=math.prod(shape)).view(shape)
        for direction in more
    ]
    longer = torch.stack(counts, dim=1)[:, :, :LEVELS].double()
    longer[..., :-1] -= longer[..., 1:].clone()
    return longer


def _more_of_run(line: Tensor, inside: Tensor, step: int) -> Tensor:
    """Return how many pixels of its run lie behind each pixel; shape as that of the line.

    Looking no further than 2^k steps, a pixel that has 2^k more also has what is behind the last
    of them, which doubles how far is looked.
    """
    more = torch.zeros_like(line)
    more[:-step] = (line[:-step] == line[step:]) & inside[step:]
    power = 0
    while int(more.max()) == 2**power:
        here, ahead = more[: -step << power], more[step << power :]
        here += (here >> power) * ahead  # the first factor is 0 or 1
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
