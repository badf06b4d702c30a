from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.phantoms.reading import read_phantoms
from centre_node.mammography.phantoms.writers.coco import write_coco
from centre_node.mammography.readers.coco import read_coco
from node_api.data_sources import PhantomSet
from tests.centre_node.mammography.readers.round_trip import contents, grouping, unseen


def drawn(calcifications: Literal["clusters", "each"]) -> tuple[Mammogram, ...]:
    return read_phantoms(
        PhantomSet(
            style="soft",
            patients=6,
            seed=3,
            image_height_px=256,
            healthy_share=0.3,
            calcifications=calcifications,
        )
    ).mammograms


@pytest.mark.slow
@pytest.mark.parametrize("calcifications", ["clusters", "each"])
def test_written_phantoms_are_read_back_exactly(
    tmp_path: Path, calcifications: Literal["clusters", "each"]
) -> None:
    phantoms = drawn(calcifications)
    write_coco(phantoms, tmp_path, on_progress=unseen)

    reading = read_folder(tmp_path, "auto", {})

    assert reading.skipped == ()
    assert grouping(reading.mammograms) == grouping(phantoms)
    for phantom, read in zip(phantoms, reading.mammograms, strict=True):
        assert read.lesions == phantom.lesions
        assert (read.laterality, read.view, read.density, read.pixel_spacing_mm) == (
            phantom.laterality,
            phantom.view,
            phantom.density,
            phantom.pixel_spacing_mm,
        )
        np.testing.assert_array_equal(read.load(), phantom.load())


def test_boxes_without_contours_other_kinds_and_excluded_tissue_are_kept(tmp_path: Path) -> None:
    phantom = replace(
        drawn("clusters")[0],
        lesions=(
            Lesion(Box(3, 4, 50, 60), "other", birads="4a"),
            Lesion(Box(9, 9, 10, 10), "calcification", pathology="benign"),
        ),
        excluded=(Box(1, 2, 3, 4),),
        density=None,
        laterality=None,
    )
    write_coco([phantom], tmp_path, on_progress=unseen)

    (read,) = read_coco(tmp_path, {}).mammograms
    assert (read.lesions, read.excluded) == (phantom.lesions, phantom.excluded)
    assert (read.density, read.laterality) == (None, None)


def test_the_same_phantoms_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_coco(drawn("each")[:3], tmp_path / name, on_progress=unseen)

    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_labels_hold_the_scalar_fields_of_a_record_as_text_but_no_patient(tmp_path: Path) -> None:
    write_coco(drawn("clusters")[:1], tmp_path, on_progress=unseen)
    table = tmp_path / "annotations.coco.json"
    more = '"split": "test", "fold": 2, "implant": false, "note": null, "tags": [1], "id": 1,'
    table.write_text(table.read_text().replace('"id": 1,', more, 1))

    (mammogram,) = read_coco(tmp_path, {"implant": "false", "fold": "2"}).mammograms

    assert mammogram.labels.items() >= {"split": "test", "fold": "2", "implant": "false"}.items()
    assert mammogram.labels.keys().isdisjoint({"patient_id", "note", "tags"})
