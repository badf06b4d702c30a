import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from centre_node.classifiers.calibration import (
    COLDEST,
    HOTTEST,
    calibrated,
    calibration_error,
    fitted_temperature,
    reliability_bins,
)

Vector = NDArray[np.float64]


def of(labels: list[int], values: list[float]) -> tuple[NDArray[np.int64], Vector]:
    return np.array(labels, dtype=np.int64), np.array(values)


def calibrated_patches(count: int, seed: int = 0) -> tuple[NDArray[np.int64], Vector]:
    """Labels drawn with the very probability that the log-odds say."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(0, 2, count)
    return (random.random(count) < expit(log_odds)).astype(np.int64), log_odds


def test_the_temperature_of_three_right_of_four_is_known() -> None:
    labels, log_odds = of([1, 1, 1, 0] * 100, [2.0] * 400)

    found = fitted_temperature(labels, log_odds)

    # targets of 300 lesions and 100 healthy patches: 301 / 302 and 1 / 102
    share = (300 * 301 / 302 + 100 / 102) / 400
    assert expit(2.0 / found) == pytest.approx(share, abs=1e-5)


def test_calibrated_log_odds_need_no_temperature() -> None:
    assert fitted_temperature(*calibrated_patches(20_000)) == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("factor", [0.25, 3.0, 10.0])
def test_the_temperature_undoes_a_factor(factor: float) -> None:
    labels, log_odds = calibrated_patches(2000)

    found = fitted_temperature(labels, factor * log_odds)

    assert found == pytest.approx(factor * fitted_temperature(labels, log_odds), rel=1e-3)


def test_it_lowers_the_log_loss_of_other_patches() -> None:
    labels, log_odds = calibrated_patches(500)
    others, their_log_odds = calibrated_patches(5000, seed=1)
    temperature = fitted_temperature(labels, 4 * log_odds)

    def log_loss(scaled: Vector) -> float:
        return float(np.mean(np.logaddexp(0, scaled) - others * scaled))

    assert log_loss(4 * their_log_odds / temperature) < log_loss(4 * their_log_odds)


def test_a_few_patches_on_their_right_side_make_it_no_surer_than_their_number_allows() -> None:
    labels, log_odds = of([1, 1, 0, 0], [30.0, 30.0, -30.0, -30.0])

    temperature = fitted_temperature(labels, log_odds)

    assert calibrated(log_odds, temperature) == pytest.approx([0.75, 0.75, 0.25, 0.25], abs=1e-4)


def test_a_ranking_upside_down_ends_at_the_hottest() -> None:
    found = fitted_temperature(*of([0, 0, 1, 1], [3.0, 3.0, -3.0, -3.0]))

    assert found == pytest.approx(HOTTEST, rel=1e-3)


@pytest.mark.parametrize("log_odds", [[0.0, 0.0], [1e4, -1e4], [1e-9, -1e-9], [700.0, 699.0]])
def test_it_stays_within_its_bounds(log_odds: list[float]) -> None:
    assert COLDEST <= fitted_temperature(*of([1, 0], log_odds)) <= HOTTEST


def test_the_error_of_two_bins_is_known() -> None:
    labels, probability = of([0, 1, 1, 1], [0.1, 0.3, 0.8, 0.9])

    # the bins say 0.2 and 0.85, and hold 1 / 2 and 2 / 2 lesions
    assert calibration_error(labels, probability, bins=2) == pytest.approx((0.3 + 0.15) / 2)


def test_bins_hold_as_many_patches_each() -> None:
    labels, log_odds = calibrated_patches(100)

    found = reliability_bins(labels, expit(log_odds), bins=8)

    assert set(found.patches) == {12, 13}
    assert found.patches.sum() == 100
    assert list(found.predicted) == sorted(found.predicted)


def test_equal_probabilities_are_never_parted() -> None:
    labels, probability = of([1, 1, 1, 0, 0, 0], [0.5] * 6)

    found = reliability_bins(labels, probability, bins=3)

    assert (list(found.predicted), list(found.observed), list(found.patches)) == ([0.5], [0.5], [6])


def test_the_order_of_the_patches_changes_nothing() -> None:
    labels, log_odds = calibrated_patches(200)
    probability = np.round(expit(log_odds), 1)  # ties
    order = np.random.default_rng(2).permutation(200)

    assert calibration_error(labels[order], probability[order]) == pytest.approx(
        calibration_error(labels, probability)
    )


def test_fewer_patches_than_bins_stand_alone() -> None:
    labels, probability = of([0, 1], [0.25, 0.5])

    assert calibration_error(labels, probability) == pytest.approx((0.25 + 0.5) / 2)


def test_the_error_of_calibrated_probabilities_goes_to_nought_and_of_others_does_not() -> None:
    labels, log_odds = calibrated_patches(20_000)

    assert calibration_error(labels, expit(log_odds)) < 0.02
    assert calibration_error(labels, expit(5 * log_odds)) > 0.1
