"""How surprising differences are where the arms are alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.study.analysis.predictions import Matrix, Vector

LEVEL = 0.05
MOST_EXACT = 12
FLIPS = 10_000
ROUNDING = 1e-12


@dataclass(frozen=True)
class JointTest:
    """Several differences that were resampled together.

    Attributes:
        alone: Two-sided p of each as if it were the only one, above 0 to 1, shape (k,).
        adjusted: The same for being among k, never smaller: the chance, were all arms alike, of at
            least one p as small is no larger than p.
        critical: Standard errors that the farthest of k differences of arms that are alike exceeds
            in 5 % of studies.
        errors: Standard error of each, shape (k,).
    """

    alone: Vector
    adjusted: Vector
    critical: float
    errors: Vector


def joint_test(differences: Vector, resampled: Matrix) -> JointTest:
    """Test differences that share patients, seeds and the other arm against 0, all at once.

    A difference is measured in its standard error, and what counts as far is what the farthest of
    the resamples' differences from their own middle are: those of all k for the largest, those of
    the k - 1 others for the next, and so on. What the comparisons have in common, such as the other
    arm's luck, is in the resamples and costs no power. Patients and seeds vary in them alike, so a
    p speaks of both.

    Args:
        differences: Shape (k,).
        resampled: The same in each resample, shape (k, resamples); resamples in which one is not
            finite are left out.

    Source: Westfall and Young 1993; Romano and Wolf 2005: the step-down maximum of studentised
    differences.
    """
    kept = resampled[:, np.isfinite(resampled).all(axis=0)]
    errors = kept.std(axis=1)
    scale = np.where(errors > 0, errors, 1.0)
    far = np.abs(differences) / scale
    spread = np.abs(kept - kept.mean(axis=1, keepdims=True)) / scale[:, None]
    adjusted, reached, order = np.ones(len(far)), 0.0, np.argsort(-far, kind="stable")
    for rank, index in enumerate(order):
        reached = max(reached, _share_at_least(spread[order[rank:]].max(axis=0), far[index]))
        adjusted[index] = reached
    alone = [_share_at_least(of_one, at) for of_one, at in zip(spread, far, strict=True)]
    critical = float(np.quantile(spread.max(axis=0), 1 - LEVEL)) if spread.size else np.inf
    return JointTest(np.array(alone), adjusted, critical, errors)


def _share_at_least(values: Vector, at: float) -> float:
    """Return how many of the values, and `at` itself, are as large: never 0."""
    return float((1 + np.sum(values >= at * (1 - ROUNDING))) / (1 + len(values)))


def sign_flip_p(differences: Vector, *, seed: int) -> float:
    """Return the two-sided p of a paired permutation test on the mean difference, above 0 to 1.

    If two arms are alike, each seed's difference might as well have the other sign. p is the share
    of sign patterns whose mean is as far from 0 or farther: of all 2^n patterns up to 12 seeds,
    else of 10,000 random ones and the one that was seen. It takes the test patches as given.

    Args:
        differences: One arm's metric minus the other's, shape (seeds,), at least one.
        seed: Of the random patterns.
    """
    sums = np.abs(_signs(len(differences), seed) @ differences)
    at_least = abs(differences.sum()) - ROUNDING * np.abs(differences).sum()
    return float(np.mean(sums >= at_least))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values, 0 to 1, corrected for there being several, in the order given.

    Source: Holm 1979: the step-down Bonferroni correction.
    """
    corrected = [0.0] * len(p_values)
    reached = 0.0
    for rank, index in enumerate(np.argsort(p_values, kind="stable")):
        reached = max(reached, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = reached
    return corrected


def _signs(count: int, seed: int) -> NDArray[np.int64]:
    """Return patterns of 1 and -1, shape (patterns, count); one of them is all 1."""
    if count <= MOST_EXACT:
        flipped = np.arange(2**count)[:, None] >> np.arange(count) & 1
    else:
        flipped = np.random.default_rng(seed).integers(0, 2, (FLIPS + 1, count))
        flipped[0] = 0
    return 1 - 2 * flipped
