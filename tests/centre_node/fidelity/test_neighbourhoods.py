import numpy as np
import pytest

from centre_node.fidelity.neighbourhoods import neighbourhoods
from tests.centre_node.fidelity.populations import normal


def test_balls_on_a_line_are_known() -> None:
    real = np.array([[0.0], [1.0], [3.0], [10.0]])  # to the nearest other: 1, 1, 2, 7
    samples = np.array([[0.5], [2.5], [30.0]])  # 2, 2, 27.5

    found = neighbourhoods(real, samples, nearest=1)

    assert found.precision == pytest.approx(2 / 3)  # 30 is in no ball
    # 0.5 is in the balls of 0 and 1; 2.5 in those of 3 only, |2.5 - 10| being over 7
    assert found.density == pytest.approx(3 / 3)
    assert found.coverage == pytest.approx(3 / 4)
    assert found.recall == pytest.approx(4 / 4)  # the ball of 30 holds 3 and 10


def test_a_set_is_like_itself() -> None:
    rows = normal(60, seed=0)

    found = neighbourhoods(rows, rows)

    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert found.density >= 1


def test_sets_far_apart_have_nothing_in_common() -> None:
    found = neighbourhoods(normal(60, seed=0), normal(60, seed=1, shift=100.0))

    assert (found.precision, found.recall, found.density, found.coverage) == (0, 0, 0, 0)


def test_density_is_1_for_the_same_distribution() -> None:
    found = neighbourhoods(normal(1000, seed=0), normal(1000, seed=1))

    assert found.density == pytest.approx(1, abs=0.05)
    assert found.coverage == pytest.approx(1 - 0.5**5, abs=0.02)  # Naeem et al., lemma 2


def test_samples_of_one_kind_only_are_precise_and_cover_little() -> None:
    real = np.concatenate([normal(100, seed=0), normal(100, seed=1, shift=50.0)])

    found = neighbourhoods(real, normal(200, seed=2))

    assert found.precision > 0.9
    assert found.recall < 0.55
    assert found.coverage < 0.55


def test_values_are_those_of_prdc() -> None:
    prdc = pytest.importorskip("prdc")
    real, samples = normal(80, seed=0), normal(70, seed=1, shift=0.7)

    found = neighbourhoods(real, samples)

    theirs = prdc.compute_prdc(real, samples, nearest_k=5)
    for name in ("precision", "recall", "density", "coverage"):
        assert getattr(found, name) == pytest.approx(theirs[name])
