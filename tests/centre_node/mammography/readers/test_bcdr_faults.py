"""What a BCDR folder may get wrong, and what is made of it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.readers.bcdr import read_bcdr
from centre_node.mammography.summaries import summary
from tests.centre_node.mammography.readers.bcdr_folder import (
    HEIGHT,
    WIDTH,
    file_name,
    image_row,
    outline_row,
    write_image,
    write_tables,
)

EVERYTHING = Box(0, 0, WIDTH, HEIGHT)
NO_POINTS = "its points are no whole numbers, or not as many for x as for y"
OUTSIDE = "it has no outline inside the image"
GONE = "its file is missing"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images of two patients and, in the folder above, one more that is not theirs."""
    place = tmp_path / "ours"
    write_image(place)
    write_image(place, patient=4)
    write_image(tmp_path)
    return place


def skipped(folder: Path) -> dict[str, int]:
    return summary(read_bcdr(folder, {})).skipped


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (outline_row(7), GONE),
        (outline_row(file=""), GONE),
        (outline_row(file="a\0b.tif"), GONE),
        (outline_row(file="a" * 5000), GONE),
        (outline_row(file=f"../{file_name()}"), "its file lies outside the folder"),
        (outline_row(file="/etc/passwd"), "its file lies outside the folder"),
        (outline_row().replace("3, 5,", ", 5,", 1), "it has no patient_id"),
        (outline_row().replace("3, 5,", "NaN, 5,", 1), "it has no patient_id"),
    ],
)
def test_a_record_that_gives_no_image_is_counted_by_its_reason(
    folder: Path, row: str, reason: str
) -> None:
    write_tables(folder, outlines=[outline_row(4), row])

    reading = read_bcdr(folder, {})

    assert skipped(folder) == {reason: 1}
    assert [m.patient_id for m in reading.mammograms] == ["4"]
    assert reading.skipped[0].record == "bcdr_f01_outlines.csv, record 2"


def test_an_image_of_two_patients_is_left_out(folder: Path) -> None:
    stranger = outline_row(9, file=file_name())
    write_tables(folder, images=[image_row(), image_row(4)], outlines=[stranger, outline_row(4)])

    assert skipped(folder) == {"its rows name different patients": 1}
    assert [m.patient_id for m in read_bcdr(folder, {}).mammograms] == ["4"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"x": "", "y": ""}, NO_POINTS),
        ({"x": "1 2 3", "y": "1 2"}, NO_POINTS),
        ({"x": "1 2 x", "y": "1 2 3"}, NO_POINTS),
        ({"x": "1 2 3.5", "y": "1 2 3"}, NO_POINTS),
        ({"x": "1 2 1_0", "y": "1 2 3"}, NO_POINTS),
        ({"x": "NaN", "y": "NaN"}, NO_POINTS),
        ({"x": f"{WIDTH} {WIDTH + 5}", "y": "10 20"}, OUTSIDE),
        ({"x": "10 20", "y": "-9 -1"}, OUTSIDE),
    ],
)
def test_an_outline_without_a_place_leaves_the_others_and_no_healthy_place(
    folder: Path, changes: dict[str, Any], reason: str
) -> None:
    write_tables(folder, outlines=[outline_row(), outline_row(lesion=2, **changes)])

    (mammogram,) = read_bcdr(folder, {}).mammograms

    assert [lesion.box for lesion in mammogram.lesions] == [Box(40, 50, 60, 70)]
    assert mammogram.excluded == (EVERYTHING,)
    assert skipped(folder) == {reason: 1}


def test_the_box_of_an_outline_that_leaves_the_image_is_clipped(folder: Path) -> None:
    write_tables(folder, outlines=[outline_row(x="-5 9 9 -5")])

    (mammogram,) = read_bcdr(folder, {}).mammograms

    assert mammogram.lesions[0].box == Box(0, 50, 10, 70)
    assert skipped(folder) == {"its outline leaves the image; its box is clipped": 1}


@pytest.mark.parametrize(
    ("images", "outlines", "reason"),
    [
        (
            [image_row(), image_row(density=4)],
            [outline_row()],
            "its image is in the table more than once; the first row is used",
        ),
        (
            [image_row(density=5)],
            [outline_row()],
            "its density is not 1 to 4; it is read as unknown",
        ),
        (
            None,
            [outline_row(classification="Unclear")],
            "its classification is neither Benign nor Malign; it is read as unknown",
        ),
        (
            [image_row(type_name="RO", file=file_name())],
            [outline_row()],
            "its rows disagree on its view",
        ),
        (
            None,
            [outline_row(type_name="none", file=file_name())],
            "its view is none of RCC, LCC, RO and LO; it is read as unknown",
        ),
    ],
)
def test_doubts_are_counted_and_the_image_is_kept(
    folder: Path, images: list[str] | None, outlines: list[str], reason: str
) -> None:
    write_tables(folder, images=images, outlines=outlines)

    (mammogram,) = read_bcdr(folder, {}).mammograms

    assert len(mammogram.lesions) == 1
    assert skipped(folder) == {reason: 1}


def test_what_the_rows_disagree_on_is_unknown(folder: Path) -> None:
    row = image_row(type_name="LO", file=file_name())
    write_tables(folder, images=[row], outlines=[outline_row()])

    (mammogram,) = read_bcdr(folder, {}).mammograms

    assert (mammogram.laterality, mammogram.view) == ("L", None)


def test_an_image_that_cannot_be_read_is_skipped_or_named_when_it_is_loaded(folder: Path) -> None:
    write_tables(folder, outlines=[outline_row(), outline_row(4)])
    path = folder / file_name()
    whole = path.read_bytes()
    mammogram = read_bcdr(folder, {}).mammograms[0]
    path.write_bytes(b"no image")
    assert skipped(folder) == {"it is no image that can be decoded": 1}
    with pytest.raises(BadImageError, match=rf"^{path.name} is no image"):
        mammogram.load()
    path.write_bytes(b"")
    assert skipped(folder) == {"it is no image that can be decoded": 1}
    path.write_bytes(whole)
    assert skipped(folder) == {}


def test_a_lesion_whose_file_is_missing_still_makes_its_breast_doubtful(folder: Path) -> None:
    write_tables(folder, images=[image_row()], outlines=[outline_row(type_name="LO")])

    (mammogram,) = read_bcdr(folder, {}).mammograms

    assert mammogram.excluded == (EVERYTHING,)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("patient_id, image_filename\n1, a.tif\n", "has no column 'study_id'; it has 'patient_id'"),
        ("3; 5; 1\n", "its first row, of 1 cells, is no header or is separated otherwise"),
        ("", "is empty"),
        (f"{'patient_id, study_id, image_filename'}\n", "has none of the 0 images"),
        ("patient_id, study_id, image_filename\n3, 5, x.tif\n", "has none of the 1 image that"),
    ],
)
def test_an_unusable_table_is_one_sentence(folder: Path, table: str, sentence: str) -> None:
    (folder / "bcdr_f01_img.csv").write_text(table)

    with pytest.raises(BadMammogramsError, match=sentence):
        read_bcdr(folder, {})


def test_a_folder_that_is_missing_or_has_no_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadMammogramsError, match=r"there is no folder .*none$"):
        read_bcdr(tmp_path / "none", {})
    (tmp_path / "bcdr_f01_features.csv").write_text("area\n1\n")
    with pytest.raises(BadMammogramsError, match=r"has no table such as bcdr_f01_outlines\.csv"):
        read_bcdr(tmp_path, {})


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cells=st.lists(st.text("0123 -.,\"'\nNaMlign/", max_size=9), max_size=19))
def test_whatever_a_row_holds_is_read_or_has_a_reason(folder: Path, cells: list[str]) -> None:
    row = ", ".join(cells).replace('"', "")
    write_tables(folder, outlines=[outline_row(4), row])

    reading = read_bcdr(folder, {})

    assert "4" in {mammogram.patient_id for mammogram in reading.mammograms}


def test_reading_imports_no_array_library() -> None:
    code = (
        "import sys, json; import centre_node.mammography.readers.bcdr; "
        "print(json.dumps([m for m in ('numpy', 'cv2', 'xlrd', 'torch') if m in sys.modules]))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert json.loads(answer.stdout) == []
