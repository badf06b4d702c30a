import numpy as np
import pytest

from centre_node.generators.collapse import diversity, has_collapsed, mean_distance
from tests.centre_node.generators.tiny import discs


def test_the_mean_distance_of_two_pairs_is_known() -> None:
    patches = np.zeros((3, 2, 2), dtype=np.uint8)
    patches[2] = 10

    assert mean_distance(patches) == pytest.approx((0 + 20 + 20) / 3)


def test_one_patch_has_no_distance() -> None:
    assert mean_distance(discs(1)) == 0


def test_patches_from_the_same_source_are_as_diverse() -> None:
    assert diversity(discs(64, seed=1), discs(64)) == pytest.approx(1.0, abs=0.1)


def test_one_patch_again_and_again_has_no_diversity() -> None:
    assert diversity(np.repeat(discs(1), 64, axis=0), discs(64)) == 0


def test_samples_of_equal_real_patches_are_never_too_alike() -> None:
    alike = np.repeat(discs(1), 4, axis=0)

    assert diversity(alike, alike) == 1


@pytest.mark.parametrize(
    ("now", "before", "last", "collapsed"),
    [
        (0.05, 0.0, False, False),  # has only begun
        (0.05, 0.5, False, True),  # was diverse
        (0.05, 0.0, True, True),  # never became diverse
        (0.2, 0.5, True, False),
    ],
)
def test_collapse_is_a_fall_or_an_end_below_the_share(
    now: float, before: float, last: bool, collapsed: bool
) -> None:
    assert has_collapsed(now, largest_before=before, share=0.1, last=last) is collapsed
