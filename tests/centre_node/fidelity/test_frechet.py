import numpy as np
import pytest

from centre_node.fidelity.frechet import frechet_distance
from tests.centre_node.fidelity.populations import normal


def with_moments(count: int, deviations: list[float], mean: list[float]) -> np.ndarray:
    """Rows whose sample mean and covariance are exactly those asked for."""
    rows = normal(count, len(mean), seed=0)
    rows -= rows.mean(axis=0)
    rows @= np.linalg.inv(np.linalg.cholesky(np.cov(rows, rowvar=False))).T
    return rows * deviations + mean


def test_equal_sets_have_no_distance() -> None:
    rows = normal(50, seed=0)

    assert frechet_distance(rows, rows) == pytest.approx(0, abs=1e-10)


def test_the_distance_of_gaussians_is_known() -> None:
    first = with_moments(40, [1.0, 2.0, 3.0], [0.0, 0.0, 0.0])
    second = with_moments(60, [2.0, 2.0, 1.0], [1.0, -2.0, 0.5])

    means, deviations = 1 + 4 + 0.25, 1 + 0 + 4
    assert frechet_distance(first, second) == pytest.approx(means + deviations)
    assert frechet_distance(second, first) == pytest.approx(means + deviations)


def test_covariances_that_do_not_commute_give_what_the_matrix_root_gives() -> None:
    linalg = pytest.importorskip("scipy.linalg")
    random = np.random.default_rng(0)
    first, second = (random.normal(size=(30, 4)) @ random.normal(size=(4, 4)) for _ in range(2))

    one, two = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    expected = ((first.mean(0) - second.mean(0)) ** 2).sum() + np.trace(
        one + two - 2 * linalg.sqrtm(one @ two).real
    )
    assert frechet_distance(first, second) == pytest.approx(expected)


def test_fewer_rows_than_columns_are_no_obstacle() -> None:
    assert 0 < frechet_distance(normal(5, 20, seed=0), normal(5, 20, seed=1)) < 100
