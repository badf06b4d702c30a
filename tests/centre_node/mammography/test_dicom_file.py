from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import UID, DigitalMammographyXRayImageStorageForPresentation

from centre_node.mammography.dicom import read_header, read_pixels
from centre_node.mammography.phantoms import read_phantoms
from centre_node.mammography.phantoms.writers.dicom_file import deepened, uid, write_dicom
from node_api.data_sources import PhantomSet
from tests.centre_node.mammography.dicom_files import facts, smooth

# Attributes of type 1 of the Digital Mammography X-Ray Image (PS3.3, A.27 and A.26).
REQUIRED = (
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality"),
    *("PresentationIntentType", "ImageType", "Rows", "Columns", "SamplesPerPixel"),
    *("PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("PixelIntensityRelationship", "PixelIntensityRelationshipSign", "RescaleIntercept"),
    *("RescaleSlope", "RescaleType", "PresentationLUTShape", "LossyImageCompression"),
    *("BurnedInAnnotation", "ImagerPixelSpacing", "PositionerType", "ImageLaterality"),
    *("OrganExposed", "AnatomicRegionSequence", "ViewCodeSequence", "WindowCenter", "WindowWidth"),
)


def test_the_file_has_all_that_a_mammogram_must_have(tmp_path: Path) -> None:
    write_dicom(tmp_path / "a.dcm", smooth(), facts())

    dataset = dcmread(tmp_path / "a.dcm")

    assert dataset.SOPClassUID == DigitalMammographyXRayImageStorageForPresentation
    assert [
        keyword for keyword in REQUIRED if not dataset.get(keyword) and dataset.get(keyword) != 0
    ] == []
    assert "ViewModifierCodeSequence" in dataset.ViewCodeSequence[0]
    assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (16, 14, 13)
    assert (dataset.pixel_array == smooth()).all()
    assert read_header(tmp_path / "a.dcm").view == "MLO"


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.dcm", "b.dcm"):
        write_dicom(tmp_path / name, smooth(), facts())

    assert (tmp_path / "a.dcm").read_bytes() == (tmp_path / "b.dcm").read_bytes()


def test_what_is_unknown_is_left_empty(tmp_path: Path) -> None:
    write_dicom(tmp_path / "a.dcm", smooth(), facts(laterality=None, view=None, spacing_mm=None))

    header = read_header(tmp_path / "a.dcm")

    assert (header.laterality, header.view, header.pixel_spacing_mm) == (None, None, None)


def test_spacing_can_stand_under_the_other_tag_and_have_many_digits(tmp_path: Path) -> None:
    spacing = 225 / 4084
    write_dicom(tmp_path / "a.dcm", smooth(), facts(spacing_mm=spacing, spacing_tag="PixelSpacing"))

    assert "ImagerPixelSpacing" not in dcmread(tmp_path / "a.dcm")
    assert read_header(tmp_path / "a.dcm").pixel_spacing_mm == pytest.approx(spacing, rel=1e-12)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_phantom_comes_back(tmp_path: Path, photometric: str) -> None:
    configuration = PhantomSet(style="digital", patients=1, seed=0, image_height_px=256)
    phantom = read_phantoms(configuration).mammograms[0]
    pixels = phantom.load()
    deep = deepened(pixels, 12, seed=1)
    stored = 4095 - deep if photometric == "MONOCHROME1" else deep
    write_dicom(tmp_path / "a.dcm", stored, facts(bits_stored=12, photometric=photometric))

    read = read_pixels(tmp_path / "a.dcm", phantom.width, phantom.height)

    assert abs(read.astype(int) - pixels).max() <= 1


def test_8_bit_images_of_odd_length_are_written(tmp_path: Path) -> None:
    pixels = np.linspace(0, 255, 15).astype(np.uint8).reshape(3, 5)
    write_dicom(tmp_path / "a.dcm", pixels, facts())

    assert (read_pixels(tmp_path / "a.dcm", 5, 3) == pixels).all()


def test_deepened_pixels_use_all_bits_and_round_down_to_what_they_were() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)

    deep = deepened(pixels, 14, seed=3)

    assert (deep >> 6 == pixels).all()
    assert len(np.unique(deep & 63)) == 64
    assert (deep == deepened(pixels, 14, seed=3)).all()
    assert (deepened(pixels, 8, seed=3) == pixels).all()


def test_uids_are_valid_and_differ_by_their_parts() -> None:
    uids = {uid("a", "b"), uid("ab"), uid("a", "c"), uid()}

    assert len(uids) == 4
    assert uid("a", "b") == uid("a", "b")
    assert all(UID(each).is_valid and each.startswith("2.25.") for each in uids)


def test_facts_tell_files_apart(tmp_path: Path) -> None:
    write_dicom(tmp_path / "a.dcm", smooth(), facts())
    write_dicom(tmp_path / "b.dcm", smooth(), replace(facts(), sop_uid=uid("other")))

    first, second = (read_header(tmp_path / name).sop_instance_uid for name in ("a.dcm", "b.dcm"))

    assert first != second
