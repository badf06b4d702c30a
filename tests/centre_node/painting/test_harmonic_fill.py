import numpy as np

from centre_node.painting.ellipses import Ellipse
from centre_node.painting.harmonic_fill import harmonic_fill

INSIDE = Ellipse(13.0, 17.5, 8.0, 11.0).inside(32)


def test_a_ramp_is_carried_on_exactly_beneath_whatever_lies_on_it() -> None:
    down, across = np.mgrid[:32, :32]
    ramp = 3.0 * across - 2.0 * down + 70
    covered = np.where(INSIDE, 255.0, ramp)

    np.testing.assert_allclose(harmonic_fill(covered, INSIDE), ramp, atol=1e-9)


def test_every_filled_pixel_is_the_mean_of_its_neighbours_and_no_other_changes() -> None:
    patch = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)

    filled = harmonic_fill(patch, INSIDE)

    around = (filled[:-2, 1:-1] + filled[2:, 1:-1] + filled[1:-1, :-2] + filled[1:-1, 2:]) / 4
    np.testing.assert_allclose(filled[1:-1, 1:-1][INSIDE[1:-1, 1:-1]], around[INSIDE[1:-1, 1:-1]])
    np.testing.assert_array_equal(filled[~INSIDE], patch[~INSIDE])


def test_an_area_in_parts_and_single_pixels_are_filled_each_by_itself() -> None:
    patch = np.full((9, 9), 40.0)
    inside = np.zeros((9, 9), dtype=np.bool_)
    inside[2, 2] = inside[2, 6] = inside[6, 2:5] = True
    patch[2, 6:] = patch[1, 6] = patch[3, 6] = 80
    patch[2, 5] = 40

    filled = harmonic_fill(patch, inside)

    assert (filled[2, 2], filled[2, 6]) == (40, 70)
    np.testing.assert_allclose(filled[6], 40)


def test_where_nothing_is_inside_nothing_is_filled() -> None:
    patch = np.arange(16, dtype=np.uint8).reshape(4, 4)

    np.testing.assert_array_equal(harmonic_fill(patch, np.zeros((4, 4), dtype=np.bool_)), patch)
