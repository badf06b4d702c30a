import numpy as np
import pytest
from scipy.stats import permutation_test

from centre_node.study.analysis.predictions import Matrix, Vector
from centre_node.study.analysis.significance import FLIPS, holm, joint_test, sign_flip_p


def p_of(*differences: float) -> float:
    return sign_flip_p(np.array(differences), seed=0)


def mean(values: Vector, axis: int) -> Vector:
    found: Vector = np.mean(values, axis=axis)
    return found


def test_p_of_three_seeds_is_known() -> None:
    assert p_of(1.0, 2.0, 3.0) == 2 / 8  # +++ and ---
    assert p_of(3.0, 2.0, -1.0) == 4 / 8  # sums 6, 4, 2, 0: +-(3 + 2 + 1) and +-(3 + 2 - 1)
    assert p_of(1.0, 1.0, -1.0) == 1.0  # every pattern is as far off


@pytest.mark.parametrize(
    ("count", "smallest"), [(1, 1.0), (3, 0.25), (5, 0.0625), (6, 0.03125), (10, 0.001953125)]
)
def test_seeds_that_all_agree_give_the_smallest_p(count: int, smallest: float) -> None:
    assert sign_flip_p(np.linspace(1, 2, count), seed=0) == smallest


def test_no_difference_at_any_seed_is_no_surprise() -> None:
    assert p_of(0.0, 0.0, 0.0, 0.0) == 1.0
    assert sign_flip_p(np.zeros(20), seed=0) == 1.0


def test_ties_count_whatever_rounding_does_to_them() -> None:
    # 0.1 + 0.2 + 0.3 and its reorderings differ in the last bit
    assert p_of(0.1, 0.2, 0.3, -0.3, 0.3) == p_of(1.0, 2.0, 3.0, -3.0, 3.0)


def test_the_sign_and_the_unit_do_not_matter() -> None:
    values = np.random.default_rng(0).normal(0.3, 1, 9)

    assert sign_flip_p(-values, seed=0) == sign_flip_p(values, seed=0)
    assert sign_flip_p(1e-9 * values, seed=0) == sign_flip_p(values, seed=0)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_exact_test_of_scipy(seed: int) -> None:
    values = np.random.default_rng(seed).normal(0.4, 1, 8)

    expected = permutation_test((values,), mean, permutation_type="samples", n_resamples=np.inf)

    assert sign_flip_p(values, seed=0) == pytest.approx(expected.pvalue)


def test_many_seeds_are_flipped_at_random_and_never_give_nought() -> None:
    values = np.random.default_rng(1).normal(0.5, 1, 13)
    exact = permutation_test((values,), mean, permutation_type="samples", n_resamples=np.inf)

    assert sign_flip_p(values, seed=0) == pytest.approx(exact.pvalue, abs=0.01)
    assert sign_flip_p(np.linspace(1, 2, 40), seed=0) == 1 / (FLIPS + 1)


def test_p_values_are_even_where_arms_are_alike() -> None:
    random = np.random.default_rng(2)
    found = [sign_flip_p(random.normal(0, 1, 8), seed=0) for _ in range(2000)]

    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.015)


def resampled_at(*middles: float, resamples: int = 4000) -> Matrix:
    """Return resamples of alike, independent differences whose standard errors are 0.1."""
    noise = np.random.default_rng(0).normal(0, 0.1, (len(middles), resamples))
    return np.array(middles)[:, None] + noise


def test_one_difference_has_the_p_of_its_standard_errors() -> None:
    found = joint_test(np.array([0.196]), resampled_at(0.196))

    assert found.alone[0] == found.adjusted[0] == pytest.approx(0.05, abs=0.01)
    assert found.critical == pytest.approx(1.96, abs=0.06)
    assert found.errors[0] == pytest.approx(0.1, abs=0.003)


def test_independent_differences_are_corrected_as_sidak_says_and_alike_ones_not_at_all() -> None:
    middles = [0.25, 0.0, 0.0, 0.0, 0.0]
    alone = float(joint_test(np.array([0.25]), resampled_at(0.25)).adjusted[0])

    apart = joint_test(np.array(middles), resampled_at(*middles))
    together = joint_test(np.array([0.25] * 5), np.repeat(resampled_at(0.25), 5, axis=0))

    assert apart.adjusted[0] == pytest.approx(1 - (1 - alone) ** 5, rel=0.2)
    assert together.adjusted == pytest.approx([alone] * 5)


def test_a_difference_that_stands_out_leaves_the_others_corrected_for_fewer() -> None:
    middles = [1.0, 0.2]

    found = joint_test(np.array(middles), resampled_at(*middles))

    assert found.adjusted[1] == pytest.approx(found.alone[1])
    assert found.adjusted[0] == pytest.approx(1 / 4001)


def test_no_adjusted_p_is_smaller_than_that_of_a_farther_difference() -> None:
    random = np.random.default_rng(3)
    differences = random.normal(0, 0.2, 8)

    found = joint_test(differences, resampled_at(*differences))

    assert (np.diff(found.adjusted[np.argsort(-np.abs(differences))]) >= 0).all()
    assert (found.adjusted >= found.alone).all()


def test_resamples_that_define_no_difference_are_left_out() -> None:
    whole = resampled_at(0.2, 0.1)
    holed = np.insert(whole, [0, 5], np.nan, axis=1)

    one, other = (joint_test(np.array([0.2, 0.1]), given) for given in (whole, holed))

    assert one.adjusted == pytest.approx(other.adjusted)


def test_holms_correction_is_known() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
