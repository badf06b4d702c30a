"""The least epsilon that one training can have had, as far as guesses about its patients show.

Each patient was held out by a coin of their own. Under (epsilon, delta)-differential privacy
nobody can guess many of these coins right: the number of right guesses is no larger than that of
independent coins whose bias epsilon bounds. Guesses may only look at the generator, never at who
is a member: no score that was fitted to members or to held-out patients will do.

Source: Steinke et al. 2023 (arXiv 2305.08846), theorem 5.2 and its algorithm, for fair coins. A
patient who is held out with probability h, by Bayes, is a member with posterior odds between
(1 - h) / h * exp(-epsilon) and (1 - h) / h * exp(epsilon): the same argument with these.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from centre_node.privacy.telling_apart import CONFIDENCE, Scored
from node_api.audits import EpsilonBound

DELTA = 1e-5
SHARES_GUESSED = (0.0, 1 / 16, 1 / 4, 1.0)
"""Of the patients who are expected on a side, so many are guessed to be there."""

LARGEST_EPSILON, STEP = 20.0, 1e-3


def epsilon_bound(patients: Scored, held_out_share: float) -> EpsilonBound:
    """Return the bound for scores, one for each patient, with a ceiling beside it.

    Several numbers of guesses are tried; each has its part of the 5 % of error.

    Args:
        patients: Higher is more like a member.
        held_out_share: The probability with which each patient was held out, above 0, below 1.
    """
    order = np.argsort(-patients.scores, kind="stable")
    is_member = patients.is_member[order]
    tries = list(_numbers_of_guesses(len(is_member), held_out_share))
    alpha = (1 - CONFIDENCE) / len(tries)
    shown, possible = 0.0, 0.0
    for inside, outside in tries:
        right = int(is_member[:inside].sum())
        right += int((~is_member[len(is_member) - outside :]).sum()) if outside else 0
        guesses = _Guesses(len(is_member), inside, outside, held_out_share)
        shown = max(shown, _least_epsilon(guesses, right, alpha))
        possible = max(possible, _least_epsilon(guesses, inside + outside, alpha))
    return EpsilonBound(at_least=shown, ceiling=possible, delta=DELTA)


def _numbers_of_guesses(patients: int, held_out_share: float) -> Iterator[tuple[int, int]]:
    sizes = (patients * (1 - held_out_share), patients * held_out_share)
    for shares in product(SHARES_GUESSED, repeat=2):
        inside, outside = (int(share * size) for share, size in zip(shares, sizes, strict=True))
        if inside + outside:
            yield inside, outside


class _Guesses(NamedTuple):
    """So many patients are guessed to be members, so many others to be held out."""

    patients: int
    inside: int
    outside: int
    held_out_share: float


@lru_cache(maxsize=1024)
def _least_epsilon(guesses: _Guesses, right: int, alpha: float) -> float:
    """Return the largest epsilon under which so many right guesses are less likely than alpha.

    Rounded down to a thousandth; 0 where they are no surprise.
    """
    low, high = 0, int(LARGEST_EPSILON / STEP)
    if _p(guesses, right, 0.0) > alpha:
        return 0.0
    while low < high:
        middle = (low + high + 1) // 2
        if _p(guesses, right, middle * STEP) <= alpha:
            low = middle
        else:
            high = middle - 1
    return low * STEP


def _p(guesses: _Guesses, right: int, epsilon: float) -> float:
    """Return a bound of the probability of at least so many right guesses."""
    chances = _chances(guesses, epsilon)
    tail = chances[right:].sum()
    below = np.cumsum(chances[:right][::-1]) / np.arange(1, right + 1)
    slack = below.max() if right else 0.0
    return float(min(1.0, tail + 2 * guesses.patients * DELTA * slack))


def _chances(guesses: _Guesses, epsilon: float) -> NDArray[np.float64]:
    """Return the probability of 0, 1, 2 ... right guesses."""
    odds = (1 - guesses.held_out_share) / guesses.held_out_share
    inside = 1 / (1 + np.exp(-epsilon) / odds)
    outside = 1 / (1 + np.exp(-epsilon) * odds)
    chances: NDArray[np.float64] = np.convolve(
        binom.pmf(np.arange(guesses.inside + 1), guesses.inside, inside),
        binom.pmf(np.arange(guesses.outside + 1), guesses.outside, outside),
    )
    return chances
