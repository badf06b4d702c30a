"""Laws of the jitter over random images, lesions and jitter configurations."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from pydantic import ValidationError

from centre_node.mammography.boxes import Box, jitter_reach, jittered, patch_box
from node_api.patches import Jitter


@dataclass(frozen=True)
class Case:
    """An image, a lesion on it and the square cut for it."""

    image: Box
    lesion: Box
    square: Box
    smallest_side: int
    jitter: Jitter


def random_cases(count: int) -> Iterator[Case]:
    random = np.random.default_rng(7)
    for _ in range(count):
        width, height = (int(value) for value in random.integers(40, 400, 2))
        side = int(random.integers(1, min(width, height) + 1))
        left = int(random.integers(0, width - side + 1))
        top = int(random.integers(0, height - side + 1))
        lesion = Box(left, top, left + side, top + int(random.integers(1, side + 1)))
        smallest = int(random.integers(1, 150))
        square = patch_box(
            lesion,
            image_width=width,
            image_height=height,
            margin=int(random.integers(0, 80)),
            smallest_side=smallest,
        )
        jitter = Jitter(
            zoom_mean=float(random.uniform(-0.5, 0.5)),
            zoom_limit=float(random.uniform(0, 1)),
            translation_limit=float(random.uniform(0, 1)),
            translation_std=float(random.choice([0, 0.5])),
        )
        yield Case(Box(0, 0, width, height), lesion, square, smallest, jitter)


def moved(case: Case, image: Box, random: np.random.Generator) -> Box:
    """Jitter inside `image`, a part of the mammogram; answer in the mammogram's coordinates."""
    box = jittered(
        case.square.moved(-image.left, -image.top),
        case.lesion.moved(-image.left, -image.top),
        image_width=image.width,
        image_height=image.height,
        jitter=case.jitter,
        smallest_side=case.smallest_side,
        random=random,
    )
    return box.moved(image.left, image.top)


def test_a_jittered_patch_is_a_square_inside_the_image_around_the_lesion() -> None:
    random = np.random.default_rng(0)
    for case in random_cases(300):
        box = moved(case, case.image, random)

        assert box.width == box.height
        assert case.image.contains(box)
        assert box.contains(case.lesion)
        assert box.width >= min(case.smallest_side, case.square.width)


def test_jittering_in_the_stored_surroundings_equals_jittering_in_the_mammogram() -> None:
    for number, case in enumerate(random_cases(300)):
        around = jitter_reach(
            case.square,
            image_width=case.image.width,
            image_height=case.image.height,
            jitter=case.jitter,
        )
        assert case.image.contains(around)

        for seed in range(5):
            whole = moved(case, case.image, np.random.default_rng([number, seed]))
            part = moved(case, around, np.random.default_rng([number, seed]))
            assert part == whole


def test_no_jitter_changes_nothing() -> None:
    square = Box(100, 200, 181, 281)

    box = jittered(
        square,
        None,
        image_width=500,
        image_height=500,
        jitter=Jitter(zoom_mean=0, zoom_std=0, translation_std=0),
        smallest_side=8,
        random=np.random.default_rng(0),
    )

    assert box == square


def test_jitter_has_the_paper_s_amounts_and_no_preferred_direction() -> None:
    random = np.random.default_rng(3)
    boxes = [
        jittered(
            Box(2000, 2000, 2400, 2400),
            None,
            image_width=4400,
            image_height=4400,
            jitter=Jitter(),
            smallest_side=8,
            random=random,
        )
        for _ in range(4000)
    ]
    sides = np.array([box.width for box in boxes]) / 400
    shifts = np.array([(b.left + b.right - 4400, b.top + b.bottom - 4400) for b in boxes]) / 800

    assert sides.mean() == pytest.approx(1.1, abs=0.01)
    assert (sides.min(), sides.max()) == pytest.approx((0.77, 1.43), abs=0.01)
    assert shifts.mean(axis=0) == pytest.approx([0, 0], abs=0.01)
    assert (shifts.min(), shifts.max()) == pytest.approx((-0.33, 0.33), abs=0.005)


def test_touching_boxes_share_no_pixel() -> None:
    assert not Box(0, 0, 10, 10).overlaps(Box(10, 0, 20, 10))
    assert Box(0, 0, 10, 10).overlaps(Box(9, 9, 20, 20))


@pytest.mark.parametrize(
    "wrong",
    [
        {"zoom_mean": -1.0},  # a box of no size
        {"zoom_mean": 1e9},
        {"zoom_std": -0.1},
        {"zoom_std": float("inf")},
        {"zoom_limit": 1.5},
        {"translation_std": float("nan")},
        {"translation_limit": -0.1},
    ],
)
def test_a_jitter_that_no_box_survives_is_refused(wrong: dict[str, float]) -> None:
    (field,) = wrong

    with pytest.raises(ValidationError, match=field):
        Jitter.model_validate(wrong)
