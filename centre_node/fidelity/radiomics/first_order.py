"""Features of an image's values, wherever they lie in it."""

import numpy as np
import torch
from torch import Tensor

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
    values = images.flatten(1)
    probabilities = counts / counts.sum(1, keepdim=True)
    ordered = _ordered(values)
    low, quartile, median, third, high = (
        _percentile(ordered, share) for share in (0.1, 0.25, 0.5, 0.75, 0.9)
    )
    exact = values.double()
    mean = exact.mean(1)
    energy = torch.linalg.vecdot(exact, exact)
    deviations, variance, skewness, kurtosis = _moments(exact - mean[:, None])
    features = {
        "Energy": energy,
        "Entropy": entropy(probabilities),
        "Minimum": ordered[:, 0],
        "10Percentile": low,
        "90Percentile": high,
        "Maximum": ordered[:, -1],
        "Mean": mean,
        "Median": median,
        "InterquartileRange": third - quartile,
        "Range": ordered[:, -1] - ordered[:, 0],
        "MeanAbsoluteDeviation": deviations,
        "RobustMeanAbsoluteDeviation": _robust_deviation(exact, low, high),
        "RootMeanSquared": (energy / values.shape[1]).sqrt(),
        "Skewness": skewness,
        "Kurtosis": kurtosis,
        "Variance": variance,
        "Uniformity": (probabilities**2).sum(1),
    }
    return torch.stack([features[name].double() for name in NAMES], dim=1)


def _ordered(values: Tensor) -> Tensor:
    if values.device.type == "cpu":  # NumPy sorts four times as fast as torch there
        return torch.from_numpy(np.sort(values.numpy(), axis=1))
    return values.sort(dim=1).values


def _percentile(ordered: Tensor, share: float) -> Tensor:
    """Return the value below which a share of the values lies, linear in between; shape (m,)."""
    position = share * (ordered.shape[1] - 1)
    below = int(position)
    above = min(below + 1, ordered.shape[1] - 1)
    first, second = ordered[:, below].double(), ordered[:, above].double()
    return first + (second - first) * (position - below)


def _moments(centred: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return mean absolute deviation, variance, skewness, kurtosis; shape (m,) each."""
    count = centred.shape[1]
    squares = centred.square()
    variance = squares.mean(1)
    divisor = torch.where(variance > SMALLEST_VARIANCE, variance, torch.inf)
    skewness = torch.linalg.vecdot(squares, centred) / count / divisor**1.5
    kurtosis = torch.linalg.vecdot(squares, squares) / count / divisor**2
    return centred.abs().mean(1), variance, skewness, kurtosis


def _robust_deviation(values: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return the mean absolute deviation of the values within [low, high]; shape (m,)."""
    within = ((values >= low[:, None]) & (values <= high[:, None])).double()
    count = within.sum(1)
    mean = torch.linalg.vecdot(values, within) / count
    return torch.linalg.vecdot((values - mean[:, None]).abs_(), within) / count
