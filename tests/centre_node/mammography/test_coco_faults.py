"""What a COCO folder may get wrong, and what is made of it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.readers.coco import ANNOTATIONS, read_coco
from tests.centre_node.mammography.coco_folder import (
    HEIGHT,
    WIDTH,
    annotation,
    document,
    image_record,
    write_coco_folder,
)


def encoded(pixels: Any) -> bytes:
    return bytes(cv2.imencode(".png", pixels)[1])


NOISE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)


def read(folder: Path, *annotations: dict[str, Any], **image: Any) -> Reading:
    content = document() | {"images": [image_record(0, **image)], "annotations": list(annotations)}
    return read_coco(write_coco_folder(folder, content), {})


def test_a_box_covers_each_pixel_that_it_touches(tmp_path: Path) -> None:
    boxes = [[10, 20, 5, 5], [10.5, 20.2, 5, 5], [-5.5, 150, 20, 40]]

    reading = read(tmp_path, *(annotation(n, 0, bbox=box) for n, box in enumerate(boxes)))

    assert [lesion.box for lesion in reading.mammograms[0].lesions] == [
        Box(10, 20, 15, 25),
        Box(10, 20, 16, 26),
        Box(0, 150, 15, 160),
    ]


def test_polygons_win_over_the_box_and_masks_and_scraps_fall_back_to_it(tmp_path: Path) -> None:
    polygons = [[10, 20, 30, 20, 30, 49], [5, 25, 6, 25, 6, 26]]
    segmentations = [polygons, {"counts": [1], "size": [9, 9]}, [[1, 2, 3]], [["a"] * 6]]

    reading = read(
        tmp_path, *(annotation(n, 0, segmentation=s) for n, s in enumerate(segmentations))
    )

    outlined, *boxed = reading.mammograms[0].lesions
    assert outlined.box == Box(5, 20, 31, 50)
    assert outlined.contours[0] == ((10.0, 20.0), (30.0, 20.0), (30.0, 49.0))
    assert [(lesion.box, lesion.contours) for lesion in boxed] == [(Box(40, 50, 60, 80), ())] * 3


def test_an_unknown_category_counts_as_other_and_is_reported(tmp_path: Path) -> None:
    reading = read(tmp_path, annotation(1, 0, category_id=9))

    assert reading.mammograms[0].lesions[0].kind == "other"
    assert reading.skipped[0].record == "category 9"


def test_left_and_right_may_be_written_out(tmp_path: Path) -> None:
    assert read(tmp_path, laterality="right").mammograms[0].laterality == "R"


def test_where_compares_numbers_as_text_and_reports_nothing_of_other_images(tmp_path: Path) -> None:
    reading = read_coco(write_coco_folder(tmp_path, document()), {"breast_density": "2"})

    assert {mammogram.density for mammogram in reading.mammograms} == {2}
    assert reading.skipped == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "no list 'images' of records"),
        ('{"images": [3], "annotations": [], "categories": []}', "no list 'images' of records"),
        ('{"images": [], "annotations": [], "categories": []}', "lists no image"),
    ],
)
def test_an_unusable_document_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / ANNOTATIONS).write_text(content)

    with pytest.raises(BadMammogramsError, match=message):
        read_coco(tmp_path, {})


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ({"file_name": "/etc/passwd"}, "image 0 .* lies outside the folder"),
        ({"laterality": "middle"}, r"images\.0\.laterality"),
        ({"breast_density": 7}, r"images\.0\.breast_density"),
    ],
)
def test_wrong_records_are_refused_without_naming_the_patient(
    tmp_path: Path, image: dict[str, Any], message: str
) -> None:
    content = document() | {"images": [image_record(0, patient_id="Jane Doe", **image)]}
    (tmp_path / ANNOTATIONS).write_text(json.dumps(content))

    with pytest.raises(BadMammogramsError, match=message) as caught:
        read_coco(tmp_path, {})

    assert "Jane" not in str(caught.value)


def test_missing_image_files_are_skipped_unless_all_are_missing(tmp_path: Path) -> None:
    folder = write_coco_folder(tmp_path, document(2))
    (folder / "0.png").unlink()

    reading = read_coco(folder, {})

    assert [mammogram.image_id for mammogram in reading.mammograms] == ["1"]
    assert reading.skipped[0].reason == "its file is missing"
    (folder / "1.png").unlink()
    with pytest.raises(BadMammogramsError, match="none of the 2 image files"):
        read_coco(folder, {})


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm"])
def test_16_bit_images_are_scaled_over_the_whole_image(tmp_path: Path, name: str) -> None:
    pixels = np.full((HEIGHT, WIDTH), 1000, dtype=np.uint16)
    pixels[0, 0], pixels[0, 1] = 3000, 2002
    cv2.imwrite(str(tmp_path / name), pixels)

    loaded = read(tmp_path, file_name=name).mammograms[0].load()

    assert loaded.dtype == np.uint8
    assert loaded[0, :3].tolist() == [255, 128, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no image"),
        (encoded(NOISE)[:9000], "cut short"),
        (encoded(NOISE[:100]), "is 120 x 100 px, but its record says 120 x 160"),
        (encoded(np.zeros_like(NOISE)), "value 0 in every pixel"),
    ],
    ids=["empty", "truncated", "wrong size", "black"],
)
def test_a_broken_image_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    (mammogram,) = read(tmp_path).mammograms
    (tmp_path / "0.png").write_bytes(content)

    with pytest.raises(BadImageError, match=rf"^0\.png .*{message}"):
        mammogram.load()


def test_the_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    before = read(tmp_path).mammograms[0].fingerprint
    (tmp_path / "0.png").write_bytes(encoded(NOISE))

    assert read_coco(tmp_path, {}).mammograms[0].fingerprint != before


def test_reading_annotations_imports_no_image_library() -> None:
    code = (
        "import sys, json; import centre_node.mammography.datasets, "
        "centre_node.mammography.readers.coco, centre_node.mammography.summaries; "
        "print(json.dumps([m for m in ('numpy', 'cv2', 'torch') if m in sys.modules]))"
    )

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert json.loads(answer.stdout) == []
