import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.readers.coco import read_coco
from centre_node.mammography.summaries import summary
from tests.centre_node.mammography.coco_folder import annotation, document, write_coco_folder


def test_boxes_polygons_and_excluded_regions_are_read(tmp_path: Path) -> None:
    content = document(4)
    content["annotations"] = [
        annotation(1, 0),
        annotation(2, 1, segmentation=[[10, 20, 30, 20, 30, 60]], category_id=2),
        annotation(3, 1, iscrowd=1),
    ]

    mammograms = read_coco(write_coco_folder(tmp_path, content), {}).mammograms

    assert mammograms[0].lesions[0].box == Box(40, 50, 60, 80)
    assert mammograms[0].lesions[0].kind == "mass"
    assert mammograms[1].lesions[0].box == Box(10, 20, 31, 61)
    assert mammograms[1].lesions[0].kind == "calcification"
    assert mammograms[1].excluded == (Box(40, 50, 60, 80),)
    assert mammograms[0].patient_id == "p0"


def test_pixels_are_scaled_to_the_full_range(tmp_path: Path) -> None:
    pixels = read_coco(write_coco_folder(tmp_path, document()), {}).mammograms[0].load()

    assert pixels.dtype == np.uint8
    assert (pixels.min(), pixels.max()) == (0, 255)


def test_where_keeps_some_images(tmp_path: Path) -> None:
    folder = write_coco_folder(tmp_path, document())

    assert {m.view for m in read_coco(folder, {"view": "CC"}).mammograms} == {"CC"}


def test_annotations_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    content = document(4)
    content["annotations"] += [annotation(98, 77), annotation(99, 0, bbox=[500, 500, 9, 9])]

    counted = summary(read_coco(write_coco_folder(tmp_path, content), {}))

    assert counted.skipped == {
        "it has no box or outline inside the image": 1,
        "its image is unknown": 1,
    }


def _without_patients(content: dict[str, Any]) -> None:
    for record in content["images"][:3]:
        del record["patient_id"]


def _twice(content: dict[str, Any]) -> None:
    content["images"][1]["id"] = 0


def _outside(content: dict[str, Any]) -> None:
    content["images"][0]["file_name"] = "../secret.png"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_without_patients, "3 of 12 images .* have no patient_id"),
        (_twice, "the image id 0 stands 2 times"),
        (_outside, "image 0 .* lies outside the folder"),
        (lambda content: content.pop("annotations"), "has no list 'annotations'"),
        (lambda content: content["images"][0].update(width=-1), "images.0.width"),
    ],
)
def test_bad_annotations_are_one_sentence(tmp_path: Path, spoil: Any, sentence: str) -> None:
    content = document()
    spoil(content)
    (tmp_path / "annotations.coco.json").write_text(json.dumps(content))

    with pytest.raises(BadMammogramsError, match=sentence):
        read_coco(tmp_path, {})


def test_a_missing_folder_file_or_value_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadMammogramsError, match="there is no folder"):
        read_coco(tmp_path / "none", {})
    with pytest.raises(BadMammogramsError, match="cannot be read"):
        read_coco(tmp_path, {})
    (tmp_path / "annotations.coco.json").write_text("{")
    with pytest.raises(BadMammogramsError, match="is not JSON"):
        read_coco(tmp_path, {})
    with pytest.raises(BadMammogramsError, match="no image with view=XX; its records have: "):
        read_coco(write_coco_folder(tmp_path, document()), {"view": "XX"})


def test_a_broken_or_resized_image_is_named(tmp_path: Path) -> None:
    content = document(2)
    folder = write_coco_folder(tmp_path, content)
    mammograms = read_coco(folder, {}).mammograms
    (folder / "0.png").write_bytes(b"no image")
    (folder / "1.png").unlink()

    with pytest.raises(BadImageError, match=r"0\.png is no image"):
        mammograms[0].load()
    with pytest.raises(BadImageError, match=r"1\.png cannot be read"):
        mammograms[1].load()
