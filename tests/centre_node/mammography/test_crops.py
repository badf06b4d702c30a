import numpy as np

from centre_node.mammography.boxes import Box
from centre_node.mammography.crops import cropped, resized


def test_a_crop_is_the_box_s_pixels() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)

    assert cropped(pixels, Box(1, 0, 3, 2)).tolist() == [[1, 2], [5, 6]]


def test_shrinking_averages_areas() -> None:
    patch = np.array([[0, 2, 10, 10], [4, 2, 10, 10], [8, 8, 0, 0], [8, 8, 0, 0]], dtype=np.uint8)

    assert resized(patch, 2).tolist() == [[2, 10], [8, 0]]


def test_enlarging_interpolates_between_pixels() -> None:
    patch = np.array([[0, 200], [0, 200]], dtype=np.uint8)

    assert resized(patch, 4)[0].tolist() == [0, 50, 150, 200]


def test_a_patch_of_the_right_size_is_unchanged() -> None:
    patch = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)

    assert (resized(patch, 16) == patch).all()
