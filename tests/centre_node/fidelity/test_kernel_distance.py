import numpy as np
import pytest

from centre_node.fidelity.kernel_distance import kernel_distance, resampled_kernel_distances
from tests.centre_node.fidelity.populations import normal


def test_the_distance_of_two_pairs_is_known() -> None:
    first, second = np.array([[0.0], [1.0]]), np.array([[2.0], [0.0]])

    # kernels (x y + 1)^3: within 1 and 1, between 1 (0, 2), 1 (0, 0), 27 (1, 2), 1 (1, 0)
    assert kernel_distance(first, second) == pytest.approx(1 + 1 - 2 * 30 / 4)


def test_it_is_nought_on_average_for_the_same_distribution() -> None:
    found = [kernel_distance(normal(20, seed=i), normal(30, seed=1000 + i)) for i in range(300)]

    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found)) < 3 * error
    assert min(found) < 0


def test_it_does_not_grow_for_fewer_rows() -> None:
    few, many = (
        np.mean(
            [
                kernel_distance(normal(n, seed=i), normal(n, seed=1000 + i, shift=2.0))
                for i in range(60)
            ]
        )
        for n in (15, 150)
    )

    assert few == pytest.approx(many, rel=0.15)


def test_a_larger_shift_is_a_larger_distance() -> None:
    reference = normal(200, seed=0)

    found = [kernel_distance(reference, normal(200, seed=1, shift=s)) for s in (0.0, 0.5, 1.0, 2.0)]

    assert found == sorted(found)
    assert found[3] > 10 * abs(found[0])


def test_resamples_lie_around_the_distance_and_come_back_with_the_seed() -> None:
    first, second = normal(80, seed=0), normal(80, seed=1, shift=1.5)

    one, two = (
        resampled_kernel_distances(first, second, resamples=400, random=np.random.default_rng(5))
        for _ in range(2)
    )

    low, high = np.quantile(one, [0.025, 0.975])
    assert np.array_equal(one, two)
    assert 0 < low < kernel_distance(first, second) < high
    assert one.mean() == pytest.approx(kernel_distance(first, second), rel=0.1)
