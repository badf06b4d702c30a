"""An annotation whose place is not known excludes its image, whoever reads it."""

from dataclasses import replace

import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import (
    NO_PLACE,
    Lesion,
    Mammogram,
    Reading,
    Skipped,
    Unplaced,
    lesion_at,
)
from centre_node.mammography.summaries import summary
from tests.centre_node.mammography.coco_folder import HEIGHT, WIDTH

LOST = Unplaced("row 3", "its place is not told")
WHOLE = Box(0, 0, WIDTH, HEIGHT)
MASS = Lesion(Box(10, 20, 30, 40), "mass")
CROWD = Box(1, 2, 3, 4)


def image(**more: object) -> Mammogram:
    return Mammogram("a", "p", WIDTH, HEIGHT, lambda: pytest.fail("not to be loaded"), **more)  # type: ignore[arg-type]


def test_each_finding_goes_where_it_belongs() -> None:
    found = image().annotated([MASS, CROWD])

    assert (found.lesions, found.excluded, found.unplaced) == ((MASS,), (CROWD,), ())


def test_an_unplaced_finding_excludes_the_whole_image_and_keeps_the_others() -> None:
    found = image().annotated([MASS, LOST, CROWD])

    assert found.lesions == (MASS,)
    assert found.excluded == (CROWD, WHOLE)


@pytest.mark.parametrize("changes", [{"excluded": ()}, {"lesions": ()}, {"width": WIDTH + 9}])
def test_no_change_brings_an_excluded_image_back(changes: dict[str, object]) -> None:
    found = replace(image(unplaced=(LOST,)), **changes)  # type: ignore[arg-type]

    assert Box(0, 0, found.width, found.height) in found.excluded


def test_the_whole_image_is_excluded_once() -> None:
    assert image(unplaced=(LOST, LOST)).annotated([LOST]).excluded == (WHOLE,)


def test_an_image_with_an_unplaced_finding_is_counted_and_is_not_healthy() -> None:
    reading = Reading("d", (image(), image(unplaced=(LOST, LOST))), (Skipped("x", "it is gone"),))

    counted = summary(reading)

    assert counted.images_without_annotation == 1
    assert counted.skipped == {"it is gone": 1, LOST.reason: 2}
    assert summary(replace(reading, name="e")).skipped == counted.skipped


def test_what_several_images_may_show_is_counted_once() -> None:
    both = (image(unplaced=(LOST,)), image(unplaced=(LOST,)))

    assert Reading("d", both).skipped == (LOST,)
    assert Reading("d", both, (LOST,)).skipped == (LOST,)


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        (Box(10, 20, 30, 40), Box(10, 20, 30, 40)),
        (Box(-5, 20, 30, 40), Box(0, 20, 30, 40)),
        (Box(0, 0, WIDTH + 1, HEIGHT + 1), WHOLE),
    ],
)
def test_a_lesion_is_clipped_to_its_image(box: Box, inside: Box) -> None:
    assert lesion_at(box, image(), "row 3", "mass", birads="4") == Lesion(
        inside, "mass", birads="4"
    )


@pytest.mark.parametrize("box", [None, Box(5, 5, 5, 9), Box(WIDTH, 0, WIDTH + 5, 5)])
def test_a_lesion_without_a_pixel_in_its_image_is_unplaced(box: Box | None) -> None:
    assert lesion_at(box, image(), "row 3", "mass") == Unplaced("row 3", NO_PLACE)
