"""How surprising the differences of seeds are where the arms are alike."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from centre_node.study.analysis.predictions import Vector

MOST_EXACT = 12
FLIPS = 10_000
ROUNDING = 1e-12


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


def smallest_p(count: int) -> float:
    """Return the smallest p that `sign_flip_p` can give for so many differences."""
    return 2 / 2**count if count <= MOST_EXACT else 1 / (FLIPS + 1)


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
