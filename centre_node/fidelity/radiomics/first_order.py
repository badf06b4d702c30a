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
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
SMALLEST_VARIANCE, SMALLEST_SPAN = 1e-9, 1e-30
BINS = 1024


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
    minimum, maximum = values.amin(1).double(), values.amax(1).double()
    low, quartile, median, third, high = _percentiles(values).unbind(1)
    values = values.double()
    robust_deviation = _robust_deviation(values, low, high)
    mean = values.mean(1)
    moments = _moments(values.sub_(mean[:, None]))
    mean_square = moments["Variance"] + mean**2
    probabilities = counts / counts.sum(1, keepdim=True)
    features = {
        **moments,
        "Energy": mean_square * values.shape[1],
        "Entropy": entropy(probabilities),
        "Minimum": minimum,
        "10Percentile": low,
        "90Percentile": high,
        "Maximum": maximum,
        "Mean": mean,
        "Median": median,
        "InterquartileRange": third - quartile,
        "Range": maximum - minimum,
        "RobustMeanAbsoluteDeviation": robust_deviation,
        "RootMeanSquared": mean_square.sqrt(),
        "Uniformity": probabilities.square().sum(1),
    }
    return torch.stack([features[name] for name in NAMES], dim=1)


def _percentiles(values: Tensor) -> Tensor:
    """Return the values below which each of `SHARES` lies, linear in between; float64, (m, 5)."""
    shares = torch.tensor(SHARES, dtype=torch.float64, device=values.device)
    positions = shares * (values.shape[1] - 1)
    below = positions.long()
    ranks = torch.cat([below, below + 1])
    if values.device.type == "cpu":
        found = _at_ranks(values, ranks).double()
    else:
        found = values.sort(dim=1).values[:, ranks].double()
    first, second = found.chunk(2, dim=1)
    return first + (second - first) * (positions - below)


def _at_ranks(values: Tensor, ranks: Tensor) -> Tensor:
    """Return what stands at the ranks once each row is in order; CPU only, shape (m, ranks).

    Only values that share a bin with one of those are sorted, in a fifth of the time that all
    take. Bins rise with the values, however these are rounded: the result is exact.
    """
    lowest, highest = values.amin(1, keepdim=True), values.amax(1, keepdim=True)
    scale = (BINS - 1) / (highest - lowest).clamp(min=SMALLEST_SPAN)
    rows = torch.arange(len(values), dtype=torch.int32)[:, None]
    bins = ((values - lowest) * scale).int().add_(rows * BINS)
    counts = torch.bincount(bins.flatten(), minlength=len(values) * BINS).view(-1, BINS)
    place = torch.searchsorted(counts.cumsum(1), ranks.repeat(len(values), 1), right=True)
    wanted = torch.zeros_like(counts, dtype=torch.bool).scatter_(1, place, True)
    left_out = counts.masked_fill(wanted, 0).cumsum(1)
    sizes = values.shape[1] - left_out[:, -1:]
    few = np.full((len(values), int(sizes.max())), np.inf, dtype=np.float32)
    # NumPy selects and sorts in a fraction of torch's time.
    chosen = wanted.numpy().ravel().take(bins.numpy())
    few[np.arange(few.shape[1]) < sizes.numpy()] = values.numpy()[chosen]
    few.sort(axis=1)
    return torch.from_numpy(few).gather(1, ranks - left_out.gather(1, place))


def _moments(centred: Tensor) -> dict[str, Tensor]:
    count = centred.shape[1]
    squares = centred.square()
    variance = squares.mean(1)
    divisor = torch.where(variance > SMALLEST_VARIANCE, variance, torch.inf)
    return {
        "Variance": variance,
        "Skewness": torch.linalg.vecdot(squares, centred) / count / divisor**1.5,
        "Kurtosis": torch.linalg.vecdot(squares, squares) / count / divisor**2,
        "MeanAbsoluteDeviation": centred.abs().mean(1),
    }


def _robust_deviation(values: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return the mean absolute deviation of the values within [low, high]; shape (m,)."""
    # 0 or 1, since comparing into Booleans takes twice as long
    inside = torch.ge(values, low[:, None], out=torch.empty_like(values))
    inside *= torch.le(values, high[:, None], out=torch.empty_like(values))
    count = inside.sum(1)
    mean = torch.linalg.vecdot(inside, values) / count
    deviations = (values - mean[:, None]).abs_()
    total: Tensor = torch.linalg.vecdot(inside, deviations)
    return total / count
