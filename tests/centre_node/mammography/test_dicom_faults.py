import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centre_node.mammography.dicom import read_header, read_pixels
from centre_node.mammography.errors import BadImageError
from centre_node.mammography.phantoms.writers.dicom_file import uid
from tests.centre_node.mammography.dicom_files import HEIGHT, WIDTH, dicom, item, smooth, table


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"NumberOfFrames": 5}, "has several frames; a mammogram has one"),
        ({"SamplesPerPixel": 3}, "is in colour; a mammogram is grey"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "is in colour; a mammogram is grey"),
        ({"PixelData": None}, "holds no pixels, or is cut short"),
        ({"Rows": HEIGHT - 1}, "is 60 x 79 px, but its record says 60 x 80"),
        ({"BitsStored": 17}, "does not store its pixels in 8 to 16 bit"),
        ({"BitsStored": 0}, "does not store its pixels in 8 to 16 bit"),
        ({"BitsAllocated": 32}, "does not store its pixels in 8 to 16 bit"),
        ({"BitsAllocated": None}, "has a header that cannot be read"),
        ({"PixelData": b"\0" * 100}, "has pixels that cannot be decoded, or is cut short"),
        ({"PixelData": b"\1\0" * WIDTH * HEIGHT}, "has the value 1 in every pixel"),
        (
            {"PixelData": b"\1\0" * WIDTH * HEIGHT, "PixelPaddingValue": 1},
            "has padding in every pixel",
        ),
        (
            {"VOILUTSequence": [item(LUTDescriptor=[3, 0, 16])]},
            "has a grey scale that cannot be applied",
        ),
        ({"RescaleSlope": "1e308"}, "has a grey scale that cannot be applied"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_an_unusable_image_is_refused_in_one_sentence(
    tmp_path: Path, elements: dict[str, Any], message: str
) -> None:
    path = dicom(tmp_path / "a.dcm", **elements)

    with pytest.raises(BadImageError) as caught:
        read_pixels(path, WIDTH, HEIGHT)

    assert str(caught.value) == f"a.dcm {message}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no DICOM file"),
        (b"P5 60 80 255 ", "is no DICOM file"),
        (b"\0" * 200, "is no DICOM file"),
        (b"\0" * 128 + b"DICM", "holds no image"),
    ],
    ids=["empty", "PGM", "zeros", "preamble alone"],
)
def test_what_is_no_dicom_image_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.dcm").write_bytes(content)

    with pytest.raises(BadImageError, match=rf"^a\.dcm {message}$"):
        read_header(tmp_path / "a.dcm")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    for reading in (read_header, lambda path: read_pixels(path, WIDTH, HEIGHT)):
        with pytest.raises(BadImageError, match=r"^a\.dcm cannot be read: No such file"):
            reading(tmp_path / "a.dcm")


@pytest.mark.parametrize("elements", [{"Rows": None}, {"Columns": 0}])
def test_a_header_without_a_size_holds_no_image(tmp_path: Path, elements: dict[str, Any]) -> None:
    path = dicom(tmp_path / "a.dcm", **elements)

    with pytest.raises(BadImageError, match=r"^a\.dcm holds no image$"):
        read_header(path)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    view = table(100, [0, 40000, 50000])
    path = tmp_path_factory.mktemp("dicom") / "a.dcm"
    return dicom(path, smooth(), VOILUTSequence=[view], PixelPaddingValue=3).read_bytes()


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 1900), st.integers(0, 255)), max_size=5),
    kept=st.floats(0, 1),
    whole=st.booleans(),
)
@pytest.mark.filterwarnings("ignore")
def test_damage_gives_an_image_or_one_sentence_that_tells_nothing_of_the_patient(
    tmp_path_factory: pytest.TempPathFactory,
    content: bytes,
    changes: list[tuple[int, int]],
    kept: float,
    whole: bool,
) -> None:
    damaged = bytearray(content)
    for place, value in changes:
        damaged[place] = value
    path = tmp_path_factory.mktemp("damaged") / "a.dcm"
    path.write_bytes(damaged if whole else damaged[: round(kept * len(damaged))])
    for reading in (read_header, lambda path: read_pixels(path, WIDTH, HEIGHT)):
        error = refusal(reading, path)

        assert error is None or str(error).startswith("a.dcm ")
        assert error is None or "Jane" not in str(error)
        assert error is None or error.__context__ is None or error.__suppress_context__


def refusal(reading: Callable[[Path], object], path: Path) -> BadImageError | None:
    try:
        reading(path)
    except BadImageError as error:
        return error
    return None


def test_what_names_a_patient_is_read_without_pydicom_quoting_it(tmp_path: Path) -> None:
    content = dicom(tmp_path / "a.dcm", PatientID="J" * 60).read_bytes()
    wrong = content.replace(uid("image").encode(), b"Jane Doe".ljust(len(uid("image"))))
    (tmp_path / "a.dcm").write_bytes(wrong.replace(b"J" * 60, b"\xff\\ Jane Doe".ljust(60)))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        header = read_header(tmp_path / "a.dcm")

    assert header.sop_instance_uid == "Jane Doe"
    assert (header.patient_id or "").endswith("Jane Doe")


def test_pixels_are_as_many_as_the_header_says(tmp_path: Path) -> None:
    path = dicom(tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:-500])

    with pytest.raises(BadImageError, match="cut short"):
        read_pixels(path, WIDTH, HEIGHT)
    assert read_header(path).width == WIDTH


def test_an_image_of_one_grey_after_padding_is_refused(tmp_path: Path) -> None:
    pixels = np.full((HEIGHT, WIDTH), 7, dtype=np.uint16)
    pixels[0] = 0
    dicom(tmp_path / "a.dcm", pixels, PixelPaddingValue=0)

    with pytest.raises(BadImageError, match="in every pixel"):
        read_pixels(tmp_path / "a.dcm", WIDTH, HEIGHT)
