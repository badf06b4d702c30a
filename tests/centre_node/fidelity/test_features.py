import numpy as np
import pytest

from centre_node.fidelity.features import principal_components, standardised
from tests.centre_node.fidelity.populations import normal


def test_sets_are_in_units_of_the_reference() -> None:
    reference = np.array([[0.0, 5.0], [4.0, 5.0]])

    own, other = standardised(reference, np.array([[6.0, 6.0]]))

    assert own.tolist() == [[-1, 0], [1, 0]]
    assert other.tolist() == [[2, 1]]  # the constant feature keeps its unit


def test_no_value_outweighs_all_others() -> None:
    _, other = standardised(normal(50, 1, seed=0), np.array([[1e6], [-1e6]]))

    assert other.tolist() == [[10], [-10]]


@pytest.mark.parametrize(
    "wrong", [np.array([[np.nan, 0.0]]), np.array([[np.inf, 0.0]]), np.ones((1, 3))]
)
def test_sets_that_cannot_be_compared_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="feature"):
        standardised(normal(5, 2, seed=0), wrong)


def test_components_are_the_directions_of_most_variation_in_the_reference() -> None:
    random = np.random.default_rng(0)
    along, across = random.normal(0, 5, 200), random.normal(0, 1, 200)
    reference = np.stack([along + across, along - across], axis=1) + 3

    (reduced,) = principal_components(reference, 1, reference)

    assert reduced.shape == (200, 1)
    assert abs(np.corrcoef(reduced[:, 0], along)[0, 1]) > 0.99
    assert reduced.mean() == pytest.approx(0, abs=1e-9)
