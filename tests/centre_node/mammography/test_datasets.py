from pathlib import Path

import pytest

from centre_node.errors import BadMammogramsError
from centre_node.mammography.configuration import CocoFolder, PhantomSet
from centre_node.mammography.datasets import read_dataset
from centre_node.mammography.summaries import summary
from tests.centre_node.mammography.coco_folder import annotation, document, write_coco_folder


def test_a_coco_folder_is_found_in_the_mammograms_folder(tmp_path: Path) -> None:
    write_coco_folder(tmp_path / "ours", document(2))

    assert read_dataset(CocoFolder(folder="ours"), tmp_path).name == "ours"


@pytest.mark.parametrize("folder", ["../ours", "/etc", "a/../../ours"])
def test_a_folder_outside_the_mammograms_folder_is_refused(tmp_path: Path, folder: str) -> None:
    write_coco_folder(tmp_path / "ours", document(2))
    (tmp_path / "theirs").mkdir()

    with pytest.raises(BadMammogramsError, match="outside the mammograms folder"):
        read_dataset(CocoFolder(folder=folder), tmp_path / "theirs")


def test_phantoms_need_no_folder() -> None:
    reading = read_dataset(PhantomSet(style="film", patients=3, seed=0), None)

    assert len({mammogram.patient_id for mammogram in reading.mammograms}) == 3


def test_a_summary_counts_what_was_read(tmp_path: Path) -> None:
    content = document(4)
    content["images"][1]["breast_density"] = None
    content["annotations"] = [
        annotation(1, 0, pathology="benign"),
        annotation(2, 0, category_id=2, bbox=[0, 0, 10, 10]),
        annotation(3, 1, iscrowd=1),
    ]

    counted = summary(read_dataset(CocoFolder(), write_coco_folder(tmp_path / "ours", content)))

    assert (counted.images, counted.patients, counted.lesions) == (4, 2, 2)
    assert counted.densities == {"1": 1, "3": 1, "4": 1, "unknown": 1}
    assert counted.views == {"CC": 2, "MLO": 2}
    assert counted.kinds == {"calcification": 1, "mass": 1}
    assert counted.pathologies == {"benign": 1, "unknown": 1}
    assert counted.lesion_side_quartiles_px == (15, 20, 25)
    assert (counted.excluded_regions, counted.images_without_annotation) == (1, 2)
    assert counted.skipped == {}
