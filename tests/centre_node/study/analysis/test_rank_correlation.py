"""How alike two orders are, and how surely."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from centre_node.study.analysis.rank_correlation import FEWEST_PAIRS, rank_correlation
from node_api.findings import Interval

Values = NDArray[np.float64]
RISING = np.array([0.61, 0.64, 0.66, 0.7, 0.71, 0.72, 0.75, 0.8, 0.82, 0.85, 0.9, 0.95])


def test_the_same_order_is_one_and_the_reverse_is_minus_one() -> None:
    same = rank_correlation(RISING, RISING**3)
    reverse = rank_correlation(RISING, -RISING)

    assert (same.rho, same.interval, same.verdict) == (1.0, Interval(low=1, high=1), "shown")
    assert (reverse.rho, reverse.verdict) == (-1.0, "shown")
    assert reverse.interval == Interval(low=-1, high=-1)


def test_an_order_worked_out_by_hand() -> None:
    """Ranks 1 2 3 4 5 against 2 1 4 3 5: 1 - 6 * 4 / (5 * 24)."""
    found = rank_correlation(np.arange(5.0), np.array([20.0, 10.0, 40.0, 30.0, 50.0]))

    assert found.rho == pytest.approx(0.8)


def test_equal_values_share_their_rank() -> None:
    first = np.array([1.0, 1, 2, 3, 3, 3, 4, 5, 6, 6, 7, 8])
    second = np.array([2.0, 1, 1, 4, 3, 5, 5, 5, 9, 7, 8, 8])

    assert rank_correlation(first, second).rho == pytest.approx(spearmanr(first, second).statistic)


def test_without_any_order_nothing_is_defined() -> None:
    found = rank_correlation(RISING, np.full(len(RISING), 0.5))

    assert (found.rho, found.interval, found.verdict) == (None, None, "undefined")


def test_a_few_pairs_have_no_verdict_however_well_they_agree() -> None:
    few = rank_correlation(RISING[: FEWEST_PAIRS - 1], RISING[: FEWEST_PAIRS - 1])

    assert (few.rho, few.verdict) == (1.0, "too few")


def test_what_does_not_belong_together_has_an_interval_that_holds_nought() -> None:
    """The second order is symmetric over the first one, so that they have nothing in common."""
    found = rank_correlation(np.arange(20.0), np.abs(np.arange(20.0) - 9.5))

    assert found.rho == pytest.approx(0, abs=1e-12)
    assert found.interval is not None
    assert found.interval.low < 0 < found.interval.high
    assert found.verdict == "not shown"


def test_the_same_seed_draws_the_same_pairs() -> None:
    first, second = RISING, RISING[[1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10]]

    assert rank_correlation(first, second) == rank_correlation(first, second)
    assert rank_correlation(first, second, seed=1) != rank_correlation(first, second)


def test_unrelated_orders_are_shown_to_be_alike_about_once_in_twenty_times() -> None:
    random = np.random.default_rng(5)
    shown = [
        rank_correlation(*random.normal(size=(2, 12)), draws=300, seed=seed).verdict == "shown"
        for seed in range(300)
    ]

    assert 0.01 < np.mean(shown) < 0.1
