"""Calcifications of INbreast that were marked point by point, one by one or as clusters."""

from pathlib import Path

import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.readers.inbreast import read_inbreast
from centre_node.mammography.summaries import summary
from tests.centre_node.mammography.readers.inbreast_folder import (
    region,
    square,
    write_folder,
    write_image,
)

# At 0.07 mm a pixel, 2.1 mm are 30 px.
POINTS = [(10.0, 10.0), (38.0, 20.0), (60.0, 40.0), (60.0, 71.0)]
NEAR = "2.1"


def points(*places: tuple[float, float]) -> list[str]:
    return [region("Calcification", place) for place in places]


def read_one(folder: Path, *regions: str, cluster_mm: str = NEAR) -> Mammogram:
    write_folder(folder, *regions)
    (mammogram,) = read_inbreast(folder, {"cluster_mm": cluster_mm}).mammograms
    return mammogram


def test_each_point_is_a_lesion_unless_clusters_are_asked_for(tmp_path: Path) -> None:
    write_folder(tmp_path, *points(*POINTS))

    reading = read_inbreast(tmp_path, {})

    assert len(reading.mammograms[0].lesions) == 4
    assert summary(reading).single_point_lesions == 4


def test_points_within_the_distance_of_the_next_are_one_lesion(tmp_path: Path) -> None:
    first, second = read_one(tmp_path, *points(*POINTS)).lesions

    # 29.7 px and 29.7 px apart, and the last one 31 px.
    assert (first.box, first.kind, len(first.contours)) == (Box(10, 10, 61, 41), "calcification", 3)
    assert second.box == Box(60, 71, 61, 72)


@pytest.mark.parametrize(("x", "lesions"), [(40.0, 1), (41.0, 2)])
def test_the_distance_itself_is_near(tmp_path: Path, x: float, lesions: int) -> None:
    assert len(read_one(tmp_path, *points((10, 10), (x, 10))).lesions) == lesions


def test_the_order_of_points_does_not_matter(tmp_path: Path) -> None:
    boxes = [
        {lesion.box for lesion in read_one(tmp_path / str(n), *points(*places)).lesions}
        for n, places in enumerate((POINTS, POINTS[::-1], POINTS[2:] + POINTS[:2]))
    ]

    assert boxes[0] == boxes[1] == boxes[2]


def test_a_point_joins_an_outlined_cluster_and_outlines_stay_apart(tmp_path: Path) -> None:
    outlines = [region("Cluster", *square(10, 10)), region("Cluster", *square(35, 10))]

    lesions = read_one(tmp_path, *outlines, *points((10, 50)), cluster_mm="1.5").lesions

    assert [lesion.box for lesion in lesions] == [Box(10, 10, 30, 51), Box(35, 10, 55, 30)]


def test_a_mass_takes_no_part(tmp_path: Path) -> None:
    lesions = read_one(tmp_path, region("Mass", *square(10, 10)), *points((20, 20))).lesions

    assert [lesion.kind for lesion in lesions] == ["mass", "calcification"]


def test_without_a_spacing_points_stay_apart_and_it_is_told(tmp_path: Path) -> None:
    write_folder(tmp_path, *points(*POINTS))
    write_image(tmp_path, spacing_mm=None)

    reading = read_inbreast(tmp_path, {"cluster_mm": NEAR})

    assert len(reading.mammograms[0].lesions) == 4
    assert summary(reading).skipped == {"it has no pixel spacing; its points stay apart": 1}


def test_other_labels_are_compared_beside_it(tmp_path: Path) -> None:
    write_folder(tmp_path, *points(*POINTS))

    with pytest.raises(BadMammogramsError, match="no image with acr=1"):
        read_inbreast(tmp_path, {"cluster_mm": NEAR, "acr": "1"})


@pytest.mark.parametrize("text", ["", "near", "-3", "nan", "1e9", "10 mm"])
def test_a_distance_that_is_none_is_one_sentence(tmp_path: Path, text: str) -> None:
    write_folder(tmp_path)

    with pytest.raises(BadMammogramsError, match="cluster_mm must be a length in mm such as 10"):
        read_inbreast(tmp_path, {"cluster_mm": text})
