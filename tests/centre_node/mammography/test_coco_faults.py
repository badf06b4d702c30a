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
from centre_node.mammography.summaries import summary
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


EVERYTHING = Box(0, 0, WIDTH, HEIGHT)
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


NO_BOX: dict[str, Any] = {"bbox": None, "segmentation": None}
RUNS = {"size": [HEIGHT, WIDTH], "counts": [1620, 12, 148, 12, HEIGHT * WIDTH - 1792]}
"""Columns 10 and 11 from row 20 on, 12 pixels each."""


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"bbox": []},
        {"bbox": [1, 2, 3]},
        {"bbox": [1, 2, 3, 4, 5]},
        {"bbox": [1, 2, "wide", 4]},
        {"bbox": [1, 2, float("nan"), 4]},
        {"bbox": [30, 40, 0, 0]},
        {"bbox": [30, 40, 20, -9]},
        {"bbox": [WIDTH, 40, 20, 9]},
        {"bbox": {"x": 1}},
        {"segmentation": []},
        {"segmentation": [[1, 2, 3, 4]]},
        {"segmentation": [["a"] * 6]},
        {"segmentation": [[500, 500, 510, 500, 510, 510]]},
        {"segmentation": RUNS | {"counts": [HEIGHT * WIDTH]}},
        {"segmentation": RUNS | {"size": [9, 9]}},
        {"segmentation": RUNS | {"counts": "no runs"}},
        {"iscrowd": 1},
        {"category_id": None},
    ],
    ids=str,
)
def test_an_annotation_without_a_place_excludes_its_image_and_no_other(
    tmp_path: Path, place: dict[str, Any]
) -> None:
    content = document(3)
    content["annotations"] = [annotation(1, 0), annotation(2, 1, **{**NO_BOX, **place})]

    reading = read_coco(write_coco_folder(tmp_path, content), {})

    assert [(len(m.lesions), m.excluded) for m in reading.mammograms] == [
        (1, ()),
        (0, (EVERYTHING,)),
        (0, ()),
    ]
    assert summary(reading).skipped["it has no box or outline inside the image"] == 1
    assert summary(reading).images_without_annotation == 1


def test_where_there_is_no_box_the_polygons_tell_the_place(tmp_path: Path) -> None:
    polygon = [[10, 10, 30, 10, 30, 30]]

    (mammogram,) = read(tmp_path, annotation(1, 0, bbox=[], segmentation=polygon)).mammograms

    assert (mammogram.lesions[0].box, mammogram.excluded) == (Box(10, 10, 31, 31), ())


def test_a_broken_polygon_beside_others_is_told_by_the_box_or_is_somewhere(tmp_path: Path) -> None:
    parts = {"segmentation": [[10, 20, 30, 20, 30, 49], ["a"] * 6]}

    (boxed,) = read(tmp_path / "a", annotation(1, 0, **parts)).mammograms
    (lost,) = read(tmp_path / "b", annotation(1, 0, **parts, bbox=None)).mammograms

    assert (boxed.lesions[0].box, boxed.excluded) == (Box(10, 20, 60, 80), ())
    assert (lost.lesions[0].box, lost.excluded) == (Box(10, 20, 31, 50), (EVERYTHING,))


@pytest.mark.parametrize("box", [None, [10, 20, 2, 12]])
@pytest.mark.parametrize("crowd", [0, 1])
def test_a_mask_is_decoded_to_box_and_outline(
    tmp_path: Path, box: list[int] | None, crowd: int
) -> None:
    found = annotation(1, 0, bbox=box, segmentation=RUNS, iscrowd=crowd)

    (mammogram,) = read(tmp_path, found).mammograms

    place = Box(10, 20, 12, 32)
    if crowd:
        assert (mammogram.lesions, mammogram.excluded) == ((), (place,))
    else:
        assert [lesion.box for lesion in mammogram.lesions] == [place]
        assert len(mammogram.lesions[0].contours) == 1
        assert mammogram.excluded == ()


def test_two_records_of_one_file_are_both_excluded_as_each_may_lack_a_lesion(
    tmp_path: Path,
) -> None:
    content = document(3)
    content["images"][1]["file_name"] = "./0.png"
    folder = write_coco_folder(tmp_path, content)

    for where in ({}, {"view": "CC"}):
        excluded = {m.image_id: m.excluded for m in read_coco(folder, where).mammograms}
        assert excluded["1"] == (EVERYTHING,)
    assert read_coco(folder, {}).mammograms[0].excluded == (EVERYTHING,)
    assert read_coco(folder, {}).mammograms[2].excluded == ()


UNKNOWN = "its {} has no value that is known; it is read as unknown"


@pytest.mark.parametrize("blank", ["", "  ", None, float("nan"), "NaN", "null"])
@pytest.mark.parametrize("name", ["laterality", "view", "breast_density", "pixel_spacing_mm"])
def test_a_blank_null_or_nan_is_unknown_and_no_fault(
    tmp_path: Path, name: str, blank: object
) -> None:
    reading = read(tmp_path, **{name: blank})

    (mammogram,) = reading.mammograms
    values = {"breast_density": mammogram.density} | {
        key: getattr(mammogram, key) for key in ("laterality", "view", "pixel_spacing_mm")
    }
    assert values[name] is None
    assert reading.skipped == ()
    assert name not in mammogram.labels


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("laterality", "middle"),
        ("breast_density", 7),
        ("breast_density", "E"),
        ("breast_density", [2]),
        ("pixel_spacing_mm", -0.1),
        ("pixel_spacing_mm", "fine"),
        ("view", ["CC"]),
    ],
)
def test_an_optional_value_that_makes_no_sense_is_unknown_and_counted(
    tmp_path: Path, name: str, value: object
) -> None:
    reading = read(tmp_path, annotation(1, 0), **{name: value})

    assert len(reading.mammograms[0].lesions) == 1
    assert summary(reading).skipped == {UNKNOWN.format(name): 1}


@pytest.mark.parametrize(
    ("value", "density"), [("A", 1), ("b", 2), ("C", 3), ("D", 4), ("2", 2), (3.0, 3)]
)
def test_densities_may_be_letters(tmp_path: Path, value: object, density: int) -> None:
    assert read(tmp_path, breast_density=value).mammograms[0].density == density


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"images": {"width": -1}}, "its record lacks a field or has a wrong one"),
        ({"images": {"height": None}}, "its record lacks a field or has a wrong one"),
        ({"images": {"id": "x"}}, "its record lacks a field or has a wrong one"),
        ({"images": {"file_name": ""}}, "its record lacks a field or has a wrong one"),
        ({"images": None}, "its record lacks a field or has a wrong one"),
        ({"annotations": {"image_id": None}}, "its image is unknown"),
        ({"annotations": None}, "its image is unknown"),
        ({"annotations": {"iscrowd": None}}, None),
        ({"annotations": {"iscrowd": "often"}}, UNKNOWN.format("iscrowd")),
        ({"annotations": {"pathology": [1]}}, UNKNOWN.format("pathology")),
        ({"annotations": {"id": None}}, None),
        (
            {"annotations": {"category_id": None}},
            "the category is unknown; its 1 annotations are read as other",
        ),
        (
            {"categories": {"name": None}},
            "the category is unknown; its 1 annotations are read as other",
        ),
    ],
    ids=str,
)
def test_one_bad_record_costs_that_record(
    tmp_path: Path, spoilt: dict[str, Any], reason: str | None
) -> None:
    content = document(4)
    content["annotations"] = [annotation(1, 0), annotation(2, 2, category_id=2)]
    ((records, changes),) = spoilt.items()
    folder = write_coco_folder(tmp_path, content)
    content[records][-1] = None if changes is None else content[records][-1] | changes
    (folder / ANNOTATIONS).write_text(json.dumps(content))

    reading = read_coco(folder, {})

    assert len(reading.mammograms[0].lesions) == 1
    assert len(reading.mammograms) == 3 + (records != "images")
    assert summary(reading).skipped == ({} if reason is None else {reason: 1})


def test_names_may_be_written_as_on_windows(tmp_path: Path) -> None:
    folder = write_coco_folder(tmp_path, document(2))
    (folder / "images" / "a").mkdir(parents=True)
    for name in ("0.png", "1.png"):
        (folder / name).rename(folder / "images" / "a" / name)
    content = document(2)
    content["images"][0]["file_name"] = "images\\a\\0.png"
    content["images"][1]["file_name"] = "images\\a/1.PNG"
    (folder / ANNOTATIONS).write_text(json.dumps(content))

    assert [m.load().shape for m in read_coco(folder, {}).mammograms] == [(HEIGHT, WIDTH)] * 2


@pytest.mark.parametrize("name", ["..\\secret.png", "a\\..\\..\\secret.png"])
def test_a_name_that_leads_outside_as_on_windows_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadMammogramsError, match=r"image 0 .* lies outside the folder"):
        read(tmp_path, file_name=name)


@pytest.mark.parametrize("patient", [None, "", " ", float("nan"), ["x"]])
def test_a_patient_that_is_blank_is_none(tmp_path: Path, patient: object) -> None:
    with pytest.raises(BadMammogramsError, match=r"1 of 1 image .* has no patient_id"):
        read(tmp_path, patient_id=patient)


def test_patients_in_the_split_that_is_asked_for_and_in_another_are_counted(
    tmp_path: Path,
) -> None:
    content = document(6)  # three patients of two images
    for image, split in zip(
        content["images"], ["train", "test", "train", "train", "test", "test"], strict=True
    ):
        image["official_split"] = split
    folder = write_coco_folder(tmp_path, content)
    reason = "it is in another official_split too, so the two are no independent sets"

    assert summary(read_coco(folder, {})).patients_in_several_splits == 1
    assert summary(read_coco(folder, {"official_split": "test"})).skipped == {reason: 1}
    assert read_coco(folder, {"official_split": "test", "view": "MLO"}).skipped == ()


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
