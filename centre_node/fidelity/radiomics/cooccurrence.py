"""Features of the grey level co-occurrence matrix (GLCM): which levels lie side by side."""

from functools import lru_cache

import torch
from torch import Tensor

from centre_node.fidelity.radiomics.grey_levels import LEVELS, entropy, image_level_keys

NAMES = (
    "Autocorrelation",
    "JointAverage",
    "ClusterProminence",
    "ClusterShade",
    "ClusterTendency",
    "Contrast",
    "Correlation",
    "DifferenceAverage",
    "DifferenceEntropy",
    "DifferenceVariance",
    "JointEnergy",
    "JointEntropy",
    "Imc1",
    "Imc2",
    "Idm",
    "MCC",
    "Idmn",
    "Id",
    "Idn",
    "InverseVariance",
    "MaximumProbability",
    "SumAverage",
    "SumEntropy",
    "SumSquares",
)


def cooccurrence_features(levels: Tensor) -> Tensor:
    """Return the 24 features of the symmetric GLCM at distance 1, averaged over 4 directions.

    A flat image has correlation and MCC 1, and no information measure of correlation (0).

    Args:
        levels: uint8, shape (m, side, side).

    Returns:
        float64, shape (m, 24).
    """
    counts = cooccurrences(levels)
    pairs = counts.sum((2, 3))  # (m, 4)
    probabilities = counts / pairs[..., None, None]
    sums, differences, own = _marginals(counts, pairs)
    features = {
        **_moments(sums, differences, own),
        **_inverse_differences(differences),
        **_information(probabilities, own),
        "DifferenceEntropy": entropy(differences),
        "JointEnergy": probabilities.square().sum((2, 3)),
        "MCC": _largest_correlation(probabilities, own),
        "MaximumProbability": probabilities.amax((2, 3)),
        "SumEntropy": entropy(sums),
    }
    return torch.stack([features[name].mean(1) for name in NAMES], dim=1)


def cooccurrences(levels: Tensor) -> Tensor:
    """Count neighbours at each pair of levels: right, below, and below to either side.

    Args:
        levels: uint8, shape (m, side, side).

    Returns:
        Symmetric counts, float64, shape (m, 4, 32, 32).
    """
    count = len(levels)
    first = image_level_keys(levels) * LEVELS  # room for the neighbour's level
    levels = levels.int()
    pairs = (
        (first[:, :, :-1], levels[:, :, 1:]),
        (first[:, :-1], levels[:, 1:]),
        (first[:, :-1, :-1], levels[:, 1:, 1:]),
        (first[:, :-1, 1:], levels[:, 1:, :-1]),
    )
    counts = [
        torch.bincount((one + other).flatten(), minlength=count * LEVELS**2) for one, other in pairs
    ]
    matrices = torch.stack(counts).view(4, count, LEVELS, LEVELS).transpose(0, 1).double()
    return matrices + matrices.mT


def _marginals(counts: Tensor, pairs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the probabilities of each i + j, |i - j| and i; (m, 4, 63), (m, 4, 32) twice.

    Sums of counts are exact in float32, which halves the time.
    """
    sums = counts.float().flatten(2) @ _marginal_sums(counts.device)
    shares: Tensor = sums.double() / pairs[..., None]
    of_sums, of_differences, own = shares.split([2 * LEVELS - 1, LEVELS, LEVELS], dim=2)
    return of_sums, of_differences, own


@lru_cache(maxsize=4)
def _marginal_sums(device: torch.device) -> Tensor:
    """Return what sums a flat matrix by i + j, |i - j| and i; 0 and 1, shape (1024, 127)."""
    i, j = torch.meshgrid(torch.arange(LEVELS), torch.arange(LEVELS), indexing="ij")
    columns = torch.stack([i + j, (i - j).abs() + 2 * LEVELS - 1, i + 3 * LEVELS - 1])
    table = torch.zeros(LEVELS**2, 4 * LEVELS - 1, dtype=torch.float32)
    return table.scatter_(1, columns.flatten(1).T, 1.0).to(device)


def _moments(sums: Tensor, differences: Tensor, own: Tensor) -> dict[str, Tensor]:
    """Return features that are moments of i + j, |i - j| or i; levels count from 1."""
    level = torch.arange(1, LEVELS + 1, dtype=torch.float64, device=own.device)
    total = torch.arange(2, 2 * LEVELS + 1, dtype=torch.float64, device=own.device)
    distance = level - 1
    mean = own @ level  # (m, 4), the same for i and j
    cluster = total - 2 * mean[..., None]
    tendency = (sums * cluster**2).sum(2)
    contrast = differences @ distance**2
    apart = differences @ distance
    variance = (own * (level - mean[..., None]) ** 2).sum(2)
    covariance = (tendency - contrast) / 4
    return {
        "Autocorrelation": covariance + mean**2,
        "JointAverage": mean,
        "ClusterProminence": (sums * cluster**4).sum(2),
        "ClusterShade": (sums * cluster**3).sum(2),
        "ClusterTendency": tendency,
        "Contrast": contrast,
        "Correlation": torch.where(
            variance > 0, covariance / torch.where(variance > 0, variance, 1.0), 1.0
        ),
        "DifferenceAverage": apart,
        "DifferenceVariance": (differences * (distance - apart[..., None]) ** 2).sum(2),
        "SumAverage": 2 * mean,
        "SumSquares": variance,
    }


def _inverse_differences(differences: Tensor) -> dict[str, Tensor]:
    distance = torch.arange(LEVELS, dtype=torch.float64, device=differences.device)
    return {
        "Id": differences @ (1 / (1 + distance)),
        "Idm": differences @ (1 / (1 + distance**2)),
        "Idn": differences @ (1 / (1 + distance / LEVELS)),
        "Idmn": differences @ (1 / (1 + (distance / LEVELS) ** 2)),
        "InverseVariance": differences[..., 1:] @ distance[1:] ** -2,
    }


def _information(probabilities: Tensor, own: Tensor) -> dict[str, Tensor]:
    """Return the joint entropy and the information measures of correlation.

    HXY1 and HXY2 of the definition are both the sum of the marginal entropies, since the
    marginals are those of the matrix itself.
    """
    joint, marginal = entropy(probabilities.flatten(2)), entropy(own)
    shared = (2 * marginal - joint).clamp(min=0)
    return {
        "JointEntropy": joint,
        "Imc1": -shared / torch.where(marginal > 0, marginal, 1.0),
        "Imc2": (1 - torch.exp(-2 * shared)).sqrt(),
    }


def _largest_correlation(probabilities: Tensor, own: Tensor) -> Tensor:
    """Return the maximal correlation coefficient (MCC), 0 to 1; shape (m, 4).

    With D the diagonal matrix of the marginals, Q = D^-1 P D^-1 P has the squared eigenvalues of
    the symmetric A = D^-1/2 P D^-1/2. The largest is 1; MCC is the second largest magnitude.
    """
    roots = torch.where(own > 0, own, torch.inf).rsqrt()
    normalised = probabilities * roots[..., :, None] * roots[..., None, :]
    in_order = torch.linalg.eigvalsh(normalised)
    second = torch.maximum(in_order[..., -2], -in_order[..., 0])
    return torch.where((own > 0).sum(2) > 1, second, 1.0)
