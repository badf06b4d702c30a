import numpy as np

from centre_node.fidelity.collapse import mode_collapse
from tests.centre_node.fidelity.populations import normal


def test_as_varied_samples_as_real_patches_are_not_suspected() -> None:
    found = mode_collapse(normal(200, 10, seed=0), normal(200, 10, seed=1))

    assert found.verdict == "none seen"
    assert found.spread_share is not None
    assert 0.9 < found.spread_share < 1.1
    assert found.duplicate_share is not None
    assert found.duplicate_share < 0.12


def test_one_mode_shows_as_little_spread() -> None:
    found = mode_collapse(normal(100, 10, seed=0), normal(100, 10, seed=1) * 0.1)

    assert found.verdict == "suspected"
    assert found.spread_share is not None
    assert found.spread_share < 0.15


def test_a_few_modes_show_as_duplicates() -> None:
    few = np.repeat(normal(5, 10, seed=2), 20, axis=0) + 0.01 * normal(100, 10, seed=3)

    found = mode_collapse(normal(100, 10, seed=0), few)

    assert found.verdict == "suspected"
    assert found.spread_share is not None
    assert found.spread_share > 0.5
    assert found.duplicate_share == 1
    assert "100%" in found.statement


def test_few_patches_are_not_judged() -> None:
    found = mode_collapse(normal(100, seed=0), normal(19, seed=1))

    assert (found.verdict, found.spread_share, found.duplicate_share) == ("not judged", None, None)
    assert "at least 20" in found.statement


def test_real_patches_that_are_all_alike_do_not_divide_by_nought() -> None:
    found = mode_collapse(np.zeros((30, 2)), np.zeros((30, 2)))

    assert found.spread_share == 1
