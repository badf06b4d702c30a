"""What an OPTIMAM folder may get wrong, and what is made of it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.readers.optimam import read_optimam
from centre_node.mammography.summaries import summary
from tests.centre_node.mammography.readers.optimam_folder import (
    HEIGHT,
    IMAGE,
    SERIES,
    STUDY,
    WIDTH,
    episode,
    mark,
    write_client,
    write_image,
)

OTHER = f"{SERIES}.2"
LOST = "it has a mark without corners inside the image: no healthy patch is cut"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images, both healthy."""
    return write_client(tmp_path, images={IMAGE: None, OTHER: None}, nbss={"101": episode()})


def image(folder: Path, name: str = OTHER) -> Path:
    return folder / "images" / "optm1" / STUDY / f"{name}.dcm"


def skipped(folder: Path) -> dict[str, int]:
    return summary(read_optimam(folder, {})).skipped


def _missing(folder: Path) -> None:
    image(folder).unlink()


def _no_dicom(folder: Path) -> None:
    image(folder).write_bytes(b"no DICOM")


def _ultrasound(folder: Path) -> None:
    write_image(folder, image=OTHER, **{"00080060": "US"})


def _unlisted(folder: Path) -> None:
    write_client(folder, nbss={"101": episode()})


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_missing, "its file is missing"),
        (_no_dicom, "it is no DICOM file"),
        (_ultrasound, "it is of another modality than mammography"),
        (_unlisted, "no imagedb file lists it"),
    ],
)
def test_an_image_of_no_use_is_left_out_with_its_reason(
    folder: Path, spoil: Any, reason: str
) -> None:
    spoil(folder)

    reading = read_optimam(folder, {})

    assert [mammogram.image_id for mammogram in reading.mammograms] == [IMAGE]
    assert [(s.record, s.reason) for s in reading.skipped] == [(f"{OTHER}.dcm", reason)]


def test_marks_of_a_missing_image_are_left_out_with_it(tmp_path: Path) -> None:
    write_client(tmp_path, images={IMAGE: None, OTHER: {"1": mark()}}, nbss={"101": episode()})
    image(tmp_path).unlink()

    assert skipped(tmp_path) == {"its file is missing": 1}


@pytest.mark.parametrize(
    "broken",
    [
        mark(X1=""),
        mark(X1=None),
        mark(Y2="nan"),
        mark(Y2="low"),
        mark(X1="500", X2="600"),
        mark(Y1="-9", Y2="-1"),
        "no mark",
    ],
)
def test_a_mark_whose_place_is_unknown_keeps_healthy_patches_away(
    tmp_path: Path, broken: Any
) -> None:
    marks = {"1": mark(LesionID=1), "2": broken}
    folder = write_client(tmp_path, images={IMAGE: marks}, nbss={"101": episode()})

    reading = read_optimam(folder, {})

    assert [lesion.box for lesion in reading.mammograms[0].lesions] == [Box(40, 50, 60, 80)]
    assert reading.mammograms[0].excluded == (Box(0, 0, WIDTH, HEIGHT),)
    assert summary(reading).skipped == {LOST: 1}


def test_a_series_that_is_none_may_have_held_marks_on_any_image(tmp_path: Path) -> None:
    broken = {"1.2.1.2": ["no series"]}
    folder = write_client(tmp_path, study=broken, nbss={"101": episode()})

    (mammogram,) = read_optimam(folder, {}).mammograms

    assert mammogram.excluded == (Box(0, 0, WIDTH, HEIGHT),)


@pytest.mark.parametrize(
    ("again", "excluded"),
    [
        ({"1": mark()}, (Box(40, 50, 60, 80),)),
        ({"1": mark(X1="")}, (Box(0, 0, WIDTH, HEIGHT),)),
        (None, ()),
    ],
)
def test_marks_of_an_image_that_is_listed_again_are_not_lost(
    tmp_path: Path, again: Any, excluded: tuple[Box, ...]
) -> None:
    folder = write_client(tmp_path, nbss={"101": episode()})
    path = folder / "data" / "optm1" / "imagedb_optm1.json"
    document = json.loads(path.read_text())
    document["STUDIES"]["1.2.2"] = {"EpisodeID": "101", "1.2.2.1": {IMAGE: again}}
    path.write_text(json.dumps(document))
    shutil.copytree(folder / "images" / "optm1" / STUDY, folder / "images" / "optm1" / "1.2.2")

    (mammogram,) = read_optimam(folder, {}).mammograms

    assert (mammogram.lesions, mammogram.excluded) == ((), excluded)


def test_an_image_in_two_series_has_the_marks_of_both(tmp_path: Path) -> None:
    twice = {"1.2.1.2": {IMAGE: {"2": mark(LesionID=2)}}}
    folder = write_client(tmp_path, images={IMAGE: {"1": mark()}}, study=twice)

    (mammogram,) = read_optimam(folder, {}).mammograms

    assert len(mammogram.lesions) == 2


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b'{"STUDIES": []}', b"[" * 100_000])
def test_a_client_whose_file_cannot_be_read_is_left_out(folder: Path, content: bytes) -> None:
    (folder / "data" / "optm2").mkdir()
    (folder / "data" / "optm2" / "imagedb_optm2.json").write_bytes(content)

    reading = read_optimam(folder, {})

    assert len(reading.mammograms) == 2
    assert reading.skipped[0].record == "imagedb file 2"


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[]"])
def test_a_record_that_cannot_be_read_leaves_the_outcome_unknown(
    folder: Path, content: bytes
) -> None:
    (folder / "data" / "optm1" / "nbss_optm1.json").write_bytes(content)

    reading = read_optimam(folder, {})

    assert reading.skipped[0].record == "nbss file 1"
    assert all(mammogram.excluded for mammogram in reading.mammograms)


def test_a_broken_dicom_json_is_reported_and_the_header_used(folder: Path) -> None:
    image(folder).with_suffix(".json").write_text("{")

    reading = read_optimam(folder, {})

    assert len(reading.mammograms) == 2
    assert summary(reading).skipped == {
        "it is no JSON that can be read; the DICOM header is used": 1
    }


def test_names_that_are_no_uid_are_not_followed(tmp_path: Path) -> None:
    names = {"../../secret": {IMAGE: None}, "EVENTS": {"x": 1}, SERIES: {"": None, IMAGE: None}}
    write_client(tmp_path, study=names)
    write_image(tmp_path)
    path = tmp_path / "data" / "optm1" / "imagedb_optm1.json"
    document = json.loads(path.read_text())
    document["STUDIES"]["../x"] = {}
    path.write_text(json.dumps(document))

    reading = read_optimam(tmp_path, {})

    assert [mammogram.image_id for mammogram in reading.mammograms] == [IMAGE]
    assert reading.skipped[-1].reason == "it is no study with a UID and series"


def test_a_folder_of_no_use_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadMammogramsError, match="there is no folder"):
        read_optimam(tmp_path / "none", {})
    with pytest.raises(BadMammogramsError, match=r"has no data/CLIENT/imagedb_CLIENT\.json"):
        read_optimam(tmp_path, {})
    write_client(tmp_path)
    with pytest.raises(BadMammogramsError, match="no image with outcome=M; what can be asked"):
        read_optimam(tmp_path, {"outcome": "M"})
    image(tmp_path, IMAGE).unlink()
    with pytest.raises(BadMammogramsError, match="1 of them because its file is missing"):
        read_optimam(tmp_path, {})


def test_pixels_that_went_missing_are_named_when_loaded(folder: Path) -> None:
    mammogram = read_optimam(folder, {}).mammograms[0]
    image(folder, IMAGE).unlink()

    with pytest.raises(BadImageError, match=rf"{IMAGE}\.dcm cannot be read"):
        mammogram.load()


def test_no_record_that_is_skipped_names_a_client(folder: Path) -> None:
    image(folder).unlink()
    (folder / "data" / "optm1" / "nbss_optm1.json").write_text("[")

    assert not any("optm" in s.record + s.reason for s in read_optimam(folder, {}).skipped)
