import math
from typing import Any

import numpy as np
import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.crops import cropped
from centre_node.mammography.healthy import Look, alike_boxes, healthy_boxes, shared_out


def place(pixels: Any, sides: list[int], *, seed: int = 0, **options: Any) -> list[Box]:
    return healthy_boxes(
        pixels <= 10,
        sides=sides,
        largest_background_share=0.4,
        random=np.random.default_rng(seed),
        **{"forbidden": [], **options},
    )


def breast(seed: int) -> Any:
    """Tissue in the left two thirds, background to its right."""
    pixels = np.random.default_rng(seed).integers(30, 256, (400, 300), dtype=np.uint8)
    pixels[:, 200:] = 10
    return pixels


@pytest.mark.parametrize("seed", range(8))
def test_healthy_boxes_obey_every_rule(seed: int) -> None:
    pixels = breast(seed)
    forbidden = [Box(50, 100, 120, 180), Box(100, 300, 190, 390)]
    sides = [40, 50, 60, 30] * 2

    boxes = place(pixels, sides, seed=seed, forbidden=forbidden)

    assert [box.width for box in boxes] == [box.height for box in boxes] == sides
    for number, box in enumerate(boxes):
        assert Box(0, 0, 300, 400).contains(box)
        assert (cropped(pixels, box) <= 10).mean() <= 0.4
        assert not any(box.overlaps(other) for other in forbidden)
        for other in boxes[:number]:
            doubled = max(
                abs(box.left + box.right - other.left - other.right),
                abs(box.top + box.bottom - other.top - other.bottom),
            )
            assert doubled >= max(box.width, other.width)


def test_new_boxes_keep_away_from_those_already_taken() -> None:
    pixels = np.full((60, 60), 100, dtype=np.uint8)

    assert place(pixels, [50, 50, 50], taken=[Box(5, 5, 55, 55)]) == []


def test_no_box_is_placed_on_background_nor_larger_than_the_image() -> None:
    assert place(np.zeros((100, 100), dtype=np.uint8), [20]) == []
    assert place(np.full((100, 100), 99, dtype=np.uint8), [101]) == []


def test_a_side_that_finds_no_place_does_not_stop_the_others() -> None:
    pixels = np.full((100, 100), 99, dtype=np.uint8)

    assert [box.width for box in place(pixels, [200, 30, 200, 30])] == [30, 30]


def test_the_same_seed_gives_the_same_boxes() -> None:
    assert place(breast(0), [30] * 5, seed=1) == place(breast(0), [30] * 5, seed=1)
    assert place(breast(0), [30] * 5, seed=1) != place(breast(0), [30] * 5, seed=2)


def bands() -> Any:
    """Three bands, each 100 rows of one grey value: 50, 120 and 200."""
    return np.repeat(np.array([50, 120, 200], dtype=np.uint8), 100)[:, None].repeat(300, axis=1)


def alike(pixels: Any, looks: list[Look], **options: Any) -> list[Box | None]:
    return alike_boxes(
        pixels <= 10,
        pixels,
        looks=looks,
        largest_background_share=0.4,
        random=np.random.default_rng(0),
        **{"forbidden": [], "taken": [], "tolerance": 4.0, **options},
    )


def test_a_square_is_placed_where_it_is_as_bright_as_wanted() -> None:
    looks = [Look(30, 200.0), Look(20, 50.0), Look(40, 121.5), Look(30, 160.0)]

    boxes = alike(bands(), looks)

    for box, look in zip(boxes, looks, strict=True):
        assert box is not None
        assert box.width == box.height == look.side
        assert cropped(bands(), box).mean() == pytest.approx(look.brightness, abs=4)


def test_a_brightness_that_is_nowhere_has_no_place_unless_the_nearest_will_do() -> None:
    looks = [Look(30, 250.0), Look(30, 200.0)]

    strict, lenient = alike(bands(), looks), alike(bands(), looks, tolerance=math.inf)

    assert strict[0] is None
    assert strict[1] is not None
    assert [cropped(bands(), box).mean() for box in lenient if box] == [200, 200]


def test_alike_squares_obey_the_rules_of_all_healthy_ones() -> None:
    forbidden, taken = [Box(0, 200, 300, 240)], [Box(0, 250, 40, 290)]

    boxes = alike(bands(), [Look(40, 200.0)] * 30, forbidden=forbidden, taken=taken, tolerance=1.0)

    placed = [*taken, *(box for box in boxes if box is not None)]
    assert 3 <= len(placed) < 31
    for number, box in enumerate(placed):
        assert box.top >= 240
        for other in placed[:number]:
            assert abs(box.left - other.left) >= 20 or abs(box.top - other.top) >= 20


@pytest.mark.parametrize("count", [0, 1, 3, 7, 40])
def test_patches_are_shared_out_evenly_over_patients_then_images(count: int) -> None:
    images = {"a1": "a", "a2": "a", "a3": "a", "b1": "b", "c1": "c", "c2": "c"}

    quotas = shared_out(count, images, random=np.random.default_rng(0))

    of_patient = [sum(quotas[i] for i in images if images[i] == p) for p in "abc"]
    of_a = [quotas["a1"], quotas["a2"], quotas["a3"]]
    assert sum(quotas.values()) == count
    assert max(of_patient) - min(of_patient) <= 1
    assert max(of_a) - min(of_a) <= 1
