"""Do predicted probabilities mean what they say? Temperature scaling, and how far off they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit

Vector = NDArray[np.float64]

COLDEST, HOTTEST = 0.01, 100.0
BINS = 15


@dataclass(frozen=True)
class ReliabilityBins:
    """Bins of about as many patches each, in rising order of probability; arrays of shape (b,).

    Attributes:
        predicted: Mean probability of a bin's patches, 0 to 1.
        observed: Share of lesions among them, 0 to 1.
        patches: How many they are.
    """

    predicted: Vector
    observed: Vector
    patches: NDArray[np.int64]


def fitted_temperature(y_true: NDArray[np.int64], log_odds: Vector) -> float:
    """Return the temperature, 0.01 to 100, that log-odds are divided by to be calibrated.

    It minimises the log loss. The targets are not 0 and 1 but what a uniform prior makes of them,
    (lesions + 1) / (lesions + 2) and 1 / (healthy + 2): so that a few patches, all on their right
    side, do not make the classifier infinitely sure.

    Args:
        y_true: 1 for lesion, 0 for healthy, shape (n,), of validation patches.
        log_odds: Logit of lesion minus logit of healthy, shape (n,).

    Source: Guo et al. 2017 (arXiv 1706.04599); the targets: Platt 1999, section 2.2.
    """
    lesions = int(y_true.sum())
    healthy = len(y_true) - lesions
    targets = np.where(y_true == 1, (lesions + 1) / (lesions + 2), 1 / (healthy + 2))

    def log_loss(log_temperature: float) -> float:
        scaled = log_odds / np.exp(log_temperature)
        return float(np.mean(np.logaddexp(0, scaled) - targets * scaled))

    bounds = (np.log(COLDEST), np.log(HOTTEST))
    return float(np.exp(minimize_scalar(log_loss, bounds=bounds, method="bounded").x))


def calibrated(log_odds: Vector, temperature: float) -> Vector:
    """Return probabilities of a lesion, 0 to 1, shape (n,)."""
    probability: Vector = expit(log_odds / temperature)
    return probability


def reliability_bins(
    y_true: NDArray[np.int64], probability: Vector, *, bins: int = BINS
) -> ReliabilityBins:
    """Sort patches by probability into at most `bins` bins of about the same size.

    Equal probabilities are never parted, so bins can be fewer and of unequal size.

    Args:
        y_true: 1 for lesion, 0 for healthy, shape (n,), n at least 1.
        probability: Of a lesion, 0 to 1, shape (n,).
    """
    below = np.searchsorted(np.sort(probability), probability)
    _, bin_of, patches = np.unique(
        below * bins // len(probability), return_inverse=True, return_counts=True
    )
    return ReliabilityBins(
        predicted=np.bincount(bin_of, weights=probability) / patches,
        observed=np.bincount(bin_of, weights=y_true) / patches,
        patches=patches,
    )


def calibration_error(y_true: NDArray[np.int64], probability: Vector, *, bins: int = BINS) -> float:
    """Return the mean distance, over patches, of their bin's prediction from its outcome, 0 to 1.

    Even a calibrated classifier is not at 0: with few patches, a bin's outcome is left to chance.

    Source: Nixon et al. 2019 (arXiv 1904.01685): equal-mass bins.
    """
    found = reliability_bins(y_true, probability, bins=bins)
    return float(np.average(np.abs(found.predicted - found.observed), weights=found.patches))
