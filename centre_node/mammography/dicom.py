"""Reads DICOM mammograms: what a header says, and pixels as a viewer shows them, in 8 bit.

Errors name the file and never what its header says, so they are raised `from None`: the texts of
the underlying errors can quote a header.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydicom import Dataset

from centre_node.mammography.dicom_decoding import FAULTS, decoded
from centre_node.mammography.dicom_opening import opened
from centre_node.mammography.dicom_spacing import spacing_mm
from centre_node.mammography.dicom_values import numbers, text
from centre_node.mammography.image_faults import other_size, refused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HEADER = [
    "Rows",
    "Columns",
    "NumberOfFrames",
    "ImagerPixelSpacing",
    "PixelSpacing",
    "PixelSpacingCalibrationType",
    "EstimatedRadiographicMagnificationFactor",
    "DistanceSourceToDetector",
    "DistanceSourceToPatient",
    "ImageLaterality",
    "Laterality",
    "ViewPosition",
    "ViewCodeSequence",
    "PatientID",
    "Manufacturer",
    "PresentationIntentType",
    "SOPInstanceUID",
]
_VIEWS = {
    "craniocaudal": "CC",
    "mediolateraloblique": "MLO",
    "mediolateral": "ML",
    "lateromedial": "LM",
}


@dataclass(frozen=True, slots=True)
class DicomHeader:
    """What the header says of an image.

    Attributes:
        pixel_spacing_mm: At the detector, and in the breast for a magnification view or after a
            calibration; None where it is not known.
        view: CC, MLO, or another as the file names it, in capitals.
    """

    width: int
    height: int
    pixel_spacing_mm: float | None
    laterality: Literal["L", "R"] | None
    view: str | None
    patient_id: str | None
    manufacturer: str | None
    presentation_intent: str | None
    sop_instance_uid: str | None


def read_header(path: Path) -> DicomHeader:
    """Read what is known before the pixels.

    Raises:
        BadImageError: The file is missing, no DICOM file, damaged, or holds no image or several.
    """
    dataset = opened(path, tags=_HEADER)
    try:
        return _header(dataset, path)
    except FAULTS:
        raise refused(path.name, "has a header that cannot be read") from None


def read_pixels(path: Path, width: int, height: int) -> "NDArray[np.uint8]":
    """Return the pixels, shape (height, width), 8 bit, tissue bright, min-max scaled.

    The modality table or rescaling and then the first VOI table or window are applied, as a viewer
    does (DICOM PS3.4, N.2). Padding is black.

    Raises:
        BadImageError: The file cannot be read or decoded, is of another size or of one value, is
            in colour or has several frames.
    """
    # Here, not above: a process that only reads headers should not load OpenCV.
    from centre_node.mammography.dicom_greys import shown

    dataset = opened(path, tags=None)
    try:
        _check_image(dataset, path, width, height)
    except FAULTS:
        raise refused(path.name, "has a header that cannot be read") from None
    pixels = decoded(dataset, path.name)
    try:
        return shown(pixels, dataset, path.name)
    except FAULTS:
        raise refused(path.name, "has a grey scale that cannot be applied") from None


def _header(dataset: Dataset, path: Path) -> DicomHeader:
    width, height = _count(dataset, "Columns"), _count(dataset, "Rows")
    if not (width and height):
        raise refused(path.name, "holds no image")
    _check_frames(dataset, path)
    return DicomHeader(
        width=width,
        height=height,
        pixel_spacing_mm=spacing_mm(dataset),
        laterality=_laterality(dataset),
        view=_view(dataset),
        patient_id=text(dataset, "PatientID"),
        manufacturer=text(dataset, "Manufacturer"),
        presentation_intent=text(dataset, "PresentationIntentType"),
        sop_instance_uid=text(dataset, "SOPInstanceUID"),
    )


def _check_frames(dataset: Dataset, path: Path) -> None:
    if _frames(dataset) > 1:
        raise refused(path.name, "has several frames; a mammogram has one")


def _check_image(dataset: Dataset, path: Path, width: int, height: int) -> None:
    if "PixelData" not in dataset:
        raise refused(path.name, "holds no pixels, or is cut short")
    _check_frames(dataset, path)
    if dataset.SamplesPerPixel != 1 or not _photometric(dataset).startswith("MONOCHROME"):
        raise refused(path.name, "is in colour; a mammogram is grey")
    allocated = dataset.BitsAllocated
    if allocated not in (8, 16) or not 1 <= dataset.BitsStored <= allocated:
        raise refused(path.name, "does not store its pixels in 8 to 16 bit")
    columns, rows = dataset.Columns, dataset.Rows
    if (columns, rows) != (width, height):
        raise other_size(path.name, (columns, rows), (width, height))


def _photometric(dataset: Dataset) -> str:
    return text(dataset, "PhotometricInterpretation") or ""


def _laterality(dataset: Dataset) -> Literal["L", "R"] | None:
    side = text(dataset, "ImageLaterality") or text(dataset, "Laterality") or ""
    if side.upper() in ("L", "LEFT"):
        return "L"
    return "R" if side.upper() in ("R", "RIGHT") else None


def _view(dataset: Dataset) -> str | None:
    view = text(dataset, "ViewPosition")
    if view is None:
        items = dataset.get("ViewCodeSequence") or [Dataset()]
        view = text(items[0], "CodeMeaning")
    if view is None:
        return None
    letters = "".join(character for character in view.lower() if character.isalpha())
    return _VIEWS.get(letters, view.upper())


def _frames(dataset: Dataset) -> int:
    return int((numbers(dataset, "NumberOfFrames") or [1])[0])


def _count(dataset: Dataset, keyword: str) -> int:
    return int(dataset.get(keyword) or 0)
