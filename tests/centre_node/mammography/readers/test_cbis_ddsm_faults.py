"""What a CBIS-DDSM folder may get wrong, and what is made of it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.readers.cbis_ddsm import read_cbis_ddsm
from centre_node.mammography.summaries import summary
from tests.centre_node.mammography.readers.cbis_ddsm_folder import (
    BELOW,
    CALC_FILM,
    FILM,
    HEIGHT,
    WIDTH,
    region,
    row,
    write,
    write_film,
    write_table,
)

OTHER = "Mass-Training_P_00002_LEFT_CC"
EVERYTHING = Box(0, 0, WIDTH, HEIGHT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two films of two patients, with a mass each."""
    place = tmp_path / "data"
    write_film(place, region(40, 50, 60, 80))
    write_film(place, region(40, 50, 60, 80), film=OTHER)
    write_table(place, row(), row(OTHER, patient_id="P_00002"))
    return place


def in_place(folder: Path, name: str = OTHER, file: str = "1-1.dcm") -> Path:
    return folder / name / BELOW / file


def _no_mask(folder: Path) -> None:
    for file in ("1-1.dcm", "1-2.dcm"):
        in_place(folder, f"{OTHER}_1", file).unlink()


def _only_crop(folder: Path) -> None:
    in_place(folder, f"{OTHER}_1").unlink()


def _larger_mask(folder: Path) -> None:
    write(in_place(folder, f"{OTHER}_1"), np.eye(HEIGHT + 8, WIDTH + 4, dtype=np.uint8))


def _damaged(folder: Path) -> None:
    for file in ("1-1.dcm", "1-2.dcm"):
        in_place(folder, f"{OTHER}_1", file).write_bytes(b"no DICOM")


def _empty(folder: Path) -> None:
    write(in_place(folder, f"{OTHER}_1"), region(0, 0, 0, 0))


def _cut_short(folder: Path) -> None:
    path = in_place(folder, f"{OTHER}_1")
    path.write_bytes(path.read_bytes()[:-900])


def _binary_crop(folder: Path) -> None:
    """A mask of the image's proportions, but so small that it can be of no scan of the film."""
    _only_crop(folder)
    write(in_place(folder, f"{OTHER}_1", "1-2.dcm"), region(40, 50, 60, 80)[::8, ::8].copy())


def _grey_crop(folder: Path) -> None:
    """A crop of the image's proportions."""
    _only_crop(folder)
    pixels = np.arange(HEIGHT * WIDTH // 4, dtype=np.uint16).reshape(HEIGHT // 2, WIDTH // 2)
    write(in_place(folder, f"{OTHER}_1", "1-2.dcm"), pixels)


def _mask_outside(folder: Path) -> None:
    for file in ("1-1.dcm", "1-2.dcm"):
        path = in_place(folder, f"{OTHER}_1", file)
        path.rename(folder.parent / file)
        path.symlink_to(folder.parent / file)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_no_mask, "its mask's file is missing"),
        (_only_crop, "its mask is not of its image's size"),
        (_larger_mask, "its mask is not of its image's size"),
        (_damaged, "its mask is no DICOM file that can be read"),
        (_empty, "its mask is empty or cannot be decoded"),
        (_cut_short, "its mask is empty or cannot be decoded"),
        (_binary_crop, "its mask is not of its image's size"),
        (_grey_crop, "its mask is not of its image's size"),
        (_mask_outside, "its mask's file lies outside the folder"),
    ],
)
def test_a_mask_of_no_use_loses_its_lesion_and_keeps_healthy_patches_away(
    folder: Path, spoil: Any, reason: str
) -> None:
    spoil(folder)

    reading = read_cbis_ddsm(folder, {})

    good, bad = reading.mammograms
    assert (len(good.lesions), good.excluded) == (1, ())
    assert (bad.lesions, bad.excluded) == ((), (EVERYTHING,))
    assert [(s.record, s.reason) for s in reading.skipped] == [
        ("row 2 of mass_case_description_train_set.csv", f"{reason}: no healthy patch is cut")
    ]


def _no_film(folder: Path) -> None:
    in_place(folder).unlink()


def _two_films(folder: Path) -> None:
    write(in_place(folder, file="1-2.dcm"), region(1, 1, 9, 9))


def _damaged_film(folder: Path) -> None:
    in_place(folder).write_bytes(b"no DICOM")


def _outside(folder: Path) -> None:
    path = {"image file path": f"../{OTHER}/000000.dcm"}
    write_table(folder, row(), row(OTHER, patient_id="P_00002", **path))


def _no_path(folder: Path) -> None:
    write_table(folder, row(), row(OTHER, patient_id="P_00002", **{"image file path": ""}))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_no_film, "its image's file is missing"),
        (_two_films, "its image's folder has several files"),
        (_damaged_film, "it is no DICOM file"),
        (_outside, "it has no path of an image inside the folder"),
        (_no_path, "it has no path of an image inside the folder"),
    ],
)
def test_a_film_of_no_use_is_left_out_with_its_reason(
    folder: Path, spoil: Any, reason: str
) -> None:
    spoil(folder)

    reading = read_cbis_ddsm(folder, {})

    assert [mammogram.image_id for mammogram in reading.mammograms] == [FILM]
    assert summary(reading).skipped == {reason: 1}


@pytest.mark.parametrize(
    ("lost", "is_excluded"),
    [
        ({}, True),
        ({"image view": "MLO"}, False),
        ({"left or right breast": "RIGHT"}, False),
        ({"image view": ""}, True),
        ({"left or right breast": "nan"}, True),
        ({"patient_id": "P_00002"}, False),
    ],
)
def test_a_row_without_an_image_may_be_of_the_films_of_its_view(
    folder: Path, lost: dict[str, str], is_excluded: bool
) -> None:
    pathless = row(FILM, 2, **{"image file path": "", **lost})
    write_table(folder, row(), pathless)

    (mammogram,) = read_cbis_ddsm(folder, {}).mammograms

    assert len(mammogram.lesions) == 1
    assert mammogram.excluded == ((EVERYTHING,) if is_excluded else ())


def test_a_copy_that_cannot_be_read_leaves_its_lesions_somewhere_in_the_other(
    folder: Path,
) -> None:
    write_table(folder, row(CALC_FILM), kind="calc", split="train")

    reading = read_cbis_ddsm(folder, {})

    assert [m.excluded for m in reading.mammograms] == [(EVERYTHING,), ()]
    assert summary(reading).skipped == {"its image's file is missing": 1}


def test_paths_may_be_written_as_on_windows(folder: Path) -> None:
    names = ("image file path", "cropped image file path", "ROI mask file path")
    write_table(folder, {k: v.replace("/", "\\") if k in names else v for k, v in row().items()})

    (mammogram,) = read_cbis_ddsm(folder, {}).mammograms

    assert len(mammogram.lesions) == 1


def test_blanks_and_nans_are_unknown_and_letters_are_densities(folder: Path) -> None:
    blank = {"breast_density": "B", "pathology": "nan", "assessment": "NaN", "image view": "nan"}
    write_table(folder, row(**blank))

    (mammogram,) = read_cbis_ddsm(folder, {}).mammograms

    assert (mammogram.density, mammogram.view) == (2, None)
    assert (mammogram.lesions[0].pathology, mammogram.lesions[0].birads) == (None, None)


def test_a_folder_of_no_use_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadMammogramsError, match="there is no folder"):
        read_cbis_ddsm(tmp_path / "none", {})
    with pytest.raises(BadMammogramsError, match="has no table such as mass_case_description"):
        read_cbis_ddsm(tmp_path, {})
    write_table(tmp_path, row(patient_id=""), row(patient_id="Jane Doe"))
    with pytest.raises(BadMammogramsError, match=r"1 of 2 rows .* no patient_id") as caught:
        read_cbis_ddsm(tmp_path, {})
    assert "Jane" not in str(caught.value)
    write_table(tmp_path, row())
    with pytest.raises(BadMammogramsError, match="none of the images that its tables name"):
        read_cbis_ddsm(tmp_path, {})
    write_table(tmp_path, {"patient_id": "P_00001"})
    with pytest.raises(BadMammogramsError, match="no column 'left or right breast'"):
        read_cbis_ddsm(tmp_path, {})


def test_a_value_that_no_film_has_is_named(folder: Path) -> None:
    with pytest.raises(BadMammogramsError, match=r"no image with split=test; .* split=train"):
        read_cbis_ddsm(folder, {"split": "test"})


def test_an_unknown_side_or_view_is_none_and_joins_no_films(folder: Path) -> None:
    unknown = {"left or right breast": "", "image view": ""}
    write_table(folder, row(**unknown), row(OTHER, **unknown))

    reading = read_cbis_ddsm(folder, {})

    assert [(m.laterality, m.view) for m in reading.mammograms] == [(None, None)] * 2


def test_pixels_that_went_missing_are_named_when_loaded(folder: Path) -> None:
    mammogram = read_cbis_ddsm(folder, {}).mammograms[1]
    in_place(folder).unlink()

    with pytest.raises(BadImageError, match=r"1-1\.dcm cannot be read"):
        mammogram.load()


def test_no_record_that_is_skipped_names_a_patient(folder: Path) -> None:
    _no_mask(folder)
    _no_film(folder)

    assert not any("P_0" in s.record + s.reason for s in read_cbis_ddsm(folder, {}).skipped)


@pytest.mark.slow
@pytest.mark.parametrize("reader", ["optimam", "cbis_ddsm"])
def test_a_reader_is_imported_without_opencv(reader: str) -> None:
    code = (
        f"import sys, centre_node.mammography.readers.{reader}; "
        "sys.exit(any(name in sys.modules for name in ('cv2', 'torch')))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
