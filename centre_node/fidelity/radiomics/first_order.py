"""Features of an image's values, wherever they lie in it."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from centre_node.fidelity.radiomics.grey_levels import entropy

NAMES = (
    "Energy",
    "Entropy",
    "Minimum",
    "10Percentile",
    "90Percentile",
    "Maximum",
    "Mean",
    "Median",
    "InterquartileRange",
    "Range",
    "MeanAbsoluteDeviation",
    "RobustMeanAbsoluteDeviation",
    "RootMeanSquared",
    "Skewness",
    "Kurtosis",
    "Variance",
    "Uniformity",
)
SMALLEST_VARIANCE = 1e-9


def first_order_features(images: Tensor, counts: Tensor) -> Tensor:
    """Return the 17 first-order features; pyradiomics' TotalEnergy is its Energy here.

    Skewness and kurtosis of a flat image are 0.

    Args:
        images: float32, shape (m, side, side).
        counts: Pixels at each grey level, float64, shape (m, 32).

    Returns:
        float64, shape (m, 17).
    """
    ordered = _ordered(images.flatten(1)).double()
    minimum, maximum = ordered[:, 0], ordered[:, -1]
    low, quartile, median, third, high = (
        _percentile(ordered, share) for share in (0.1, 0.25, 0.5, 0.75, 0.9)
    )
    mean, energy = ordered.mean(1), torch.linalg.vecdot(ordered, ordered)
    probabilities = counts / counts.sum(1, keepdim=True)
    features = {
        **_moments(ordered - mean[:, None]),
        "Energy": energy,
        "Entropy": entropy(probabilities),
        "Minimum": minimum,
        "10Percentile": low,
        "90Percentile": high,
        "Maximum": maximum,
        "Mean": mean,
        "Median": median,
        "InterquartileRange": third - quartile,
        "Range": maximum - minimum,
        "MeanAbsoluteDeviation": _absolute_deviation(ordered, minimum, maximum),
        "RobustMeanAbsoluteDeviation": _absolute_deviation(ordered, low, high),
        "RootMeanSquared": (energy / ordered.shape[1]).sqrt(),
        "Uniformity": probabilities.square().sum(1),
    }
    return torch.stack([features[name] for name in NAMES], dim=1)


def _ordered(values: Tensor) -> Tensor:
    if values.device.type == "cpu":  # NumPy sorts four times as fast as torch there
        return torch.from_numpy(np.sort(values.numpy(), axis=1))
    return values.sort(dim=1).values


def _percentile(ordered: Tensor, share: float) -> Tensor:
    """Return the value below which a share of the values lies, linear in between; shape (m,)."""
    position = share * (ordered.shape[1] - 1)
    below = int(position)
    first, second = ordered[:, below], ordered[:, below + 1]
    return first + (second - first) * (position - below)


def _moments(centred: Tensor) -> dict[str, Tensor]:
    count = centred.shape[1]
    squares = centred.square()
    variance = squares.mean(1)
    divisor = torch.where(variance > SMALLEST_VARIANCE, variance, torch.inf)
    return {
        "Variance": variance,
        "Skewness": torch.linalg.vecdot(squares, centred) / count / divisor**1.5,
        "Kurtosis": torch.linalg.vecdot(squares, squares) / count / divisor**2,
    }


def _absolute_deviation(ordered: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return the mean absolute deviation of the values within [low, high]; shape (m,).

    In order, they lie side by side, and so do those of them that are below their mean.
    """
    sums = pad(ordered.cumsum(1), (1, 0))  # sums[:, k] is that of the first k
    start = torch.searchsorted(ordered, low[:, None].contiguous())
    end = torch.searchsorted(ordered, high[:, None].contiguous(), right=True)
    before, until = sums.gather(1, start), sums.gather(1, end)
    mean = (until - before) / (end - start)
    middle = torch.searchsorted(ordered, mean)
    halfway = sums.gather(1, middle)
    below = mean * (middle - start) - (halfway - before)
    above = (until - halfway) - mean * (end - middle)
    return ((below + above) / (end - start))[:, 0]
