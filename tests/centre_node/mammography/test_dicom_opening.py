from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset

from centre_node.mammography.dicom import read_header, read_pixels
from centre_node.mammography.errors import BadImageError
from tests.centre_node.mammography.dicom_files import HEIGHT, WIDTH, dicom, table

IMPLICIT = {"implicit_vr": True, "little_endian": True}
EXPLICIT = {"implicit_vr": False, "little_endian": True}
BIG_ENDIAN = {"implicit_vr": False, "little_endian": False}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return dicom(tmp_path / "a.dcm", VOILUTSequence=[table(100, [0, 30000, 50000])])


def bare(whole: Path, **encoding: bool) -> Path:
    """The same elements without preamble and head."""
    dataset = dcmread(whole)
    if not encoding["little_endian"]:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").byteswap().tobytes()
    elements = Dataset()
    elements.update({element.tag: element for element in dataset})
    path = whole.with_name("bare.dcm")
    elements.save_as(path, **encoding)
    assert path.read_bytes()[128:132] != b"DICM"
    return path


@pytest.mark.parametrize("encoding", [IMPLICIT, EXPLICIT, BIG_ENDIAN], ids=str)
def test_a_file_without_a_preamble_shows_what_the_whole_one_shows(
    whole: Path, encoding: dict[str, bool]
) -> None:
    path = bare(whole, **encoding)

    header = read_header(path)
    assert (header.width, header.height, header.laterality) == (WIDTH, HEIGHT, "L")
    assert (read_pixels(path, WIDTH, HEIGHT) == read_pixels(whole, WIDTH, HEIGHT)).all()


def test_a_head_that_names_no_transfer_syntax_is_made_up_for(whole: Path) -> None:
    expected = read_pixels(whole, WIDTH, HEIGHT)
    content = whole.read_bytes()
    dataset = dcmread(whole)
    elements = bare(whole, **EXPLICIT).read_bytes()
    assert content.endswith(elements)
    dataset.file_meta = FileMetaDataset()
    whole.write_bytes(bytes(128) + b"DICM" + elements)

    assert (read_pixels(whole, WIDTH, HEIGHT) == expected).all()


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.98])
def test_a_file_without_a_preamble_that_is_cut_short_is_refused(whole: Path, kept: float) -> None:
    path = bare(whole, **IMPLICIT)
    content = path.read_bytes()
    path.write_bytes(content[: round(kept * len(content))])

    with pytest.raises(BadImageError, match=r"^bare\.dcm (is no DICOM file|.*cut short)"):
        read_pixels(path, WIDTH, HEIGHT)


@pytest.mark.parametrize("elements", [{"Rows": None}, {"Columns": 0}], ids=str)
def test_elements_without_an_image_are_no_file(tmp_path: Path, elements: dict[str, Any]) -> None:
    path = bare(dicom(tmp_path / "a.dcm", **elements), **IMPLICIT)

    with pytest.raises(BadImageError, match=r"^bare\.dcm is no DICOM file$"):
        read_header(path)


def test_noise_is_no_file(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for number in range(50):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(random.bytes(3000))

        with pytest.raises(BadImageError, match="is no DICOM file"):
            read_header(path)
