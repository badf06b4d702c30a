import numpy as np
import pytest

from centre_node.mammography.boxes import Box, jitter_reach, jittered, patch_box
from centre_node.mammography.errors import PatchDoesNotFitError
from node_api.patches import Jitter


def test_a_square_around_a_tall_lesion_covers_its_height_and_the_margin() -> None:
    square = patch_box(Box(200, 100, 240, 180), image_width=1000, image_height=1000, margin=60)

    assert square == Box(120, 40, 320, 240)


def test_a_square_over_the_border_is_moved_inside() -> None:
    square = patch_box(Box(0, 10, 40, 50), image_width=500, image_height=500, margin=60)

    assert square == Box(0, 0, 160, 160)


def test_a_margin_that_the_image_has_no_room_for_shrinks() -> None:
    square = patch_box(Box(10, 10, 90, 90), image_width=100, image_height=300, margin=60)

    assert square == Box(0, 0, 100, 100)


def test_a_lesion_larger_than_its_image_is_refused() -> None:
    with pytest.raises(PatchDoesNotFitError, match="20 x 120 px does not fit"):
        patch_box(Box(0, 0, 20, 120), image_width=100, image_height=300)


def _random_case(random: np.random.Generator) -> tuple[Box, Box, int, int]:
    width, height = (int(side) for side in random.integers(150, 900, 2))
    side = int(random.integers(2, min(width, height) // 2))
    left = int(random.integers(0, width - side))
    top = int(random.integers(0, height - side))
    lesion = Box(left, top, left + side, top + max(1, side // 2))
    square = patch_box(lesion, image_width=width, image_height=height, margin=20)
    return square, lesion, width, height


def test_any_jitter_of_any_box_is_a_square_in_the_image_that_holds_the_lesion() -> None:
    random = np.random.default_rng(0)
    for _ in range(2000):
        square, lesion, width, height = _random_case(random)
        box = jittered(
            square,
            lesion,
            image_width=width,
            image_height=height,
            jitter=Jitter(),
            smallest_side=32,
            random=random,
        )

        assert box.width == box.height
        assert Box(0, 0, width, height).contains(box)
        assert box.contains(lesion)
        reach = jitter_reach(square, image_width=width, image_height=height, jitter=Jitter())
        assert reach.contains(box)


def test_the_mean_translation_of_a_healthy_box_is_zero() -> None:
    random = np.random.default_rng(1)
    square = Box(400, 400, 500, 500)
    boxes = [
        jittered(
            square,
            None,
            image_width=900,
            image_height=900,
            jitter=Jitter(),
            smallest_side=32,
            random=random,
        )
        for _ in range(4000)
    ]

    moves = (
        np.array([(box.left + box.right - 900, box.top + box.bottom - 900) for box in boxes]) / 2
    )

    assert np.abs(moves.mean(axis=0)).max() < 1.5
    assert np.abs(moves).max() <= 34
