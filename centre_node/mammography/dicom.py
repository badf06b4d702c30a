"""Reads DICOM mammograms: what a header says, and pixels as a viewer shows them, in 8 bit.

Errors name the file and never what its header says, so they are raised `from None`: the texts of
the underlying errors can quote a header.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydicom import Dataset, dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.errors import InvalidDicomError

from centre_node.mammography.dicom_decoding import FAULTS, decoded
from centre_node.mammography.errors import BadImageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HEADER = [
    "Rows",
    "Columns",
    "NumberOfFrames",
    "ImagerPixelSpacing",
    "PixelSpacing",
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
_LARGEST_ANISOTROPY = 0.01
_DAMAGED = "is damaged or cut short"


@dataclass(frozen=True, slots=True)
class DicomHeader:
    """What the header says of an image.

    Attributes:
        pixel_spacing_mm: At the detector where that is given, else at the patient or after
            calibration; None where rows and columns differ or it is no length.
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
    frames: int


def read_header(path: Path) -> DicomHeader:
    """Read what is known before the pixels.

    Raises:
        BadImageError: The file is missing, no DICOM file, damaged, or holds no image.
    """
    dataset = _dataset(path, header_only=True)
    try:
        return _header(dataset, path)
    except FAULTS:
        raise BadImageError(f"{path.name} has a header that cannot be read") from None


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

    dataset = _dataset(path, header_only=False)
    try:
        _check_image(dataset, path, width, height)
    except FAULTS:
        raise BadImageError(f"{path.name} has a header that cannot be read") from None
    pixels = decoded(dataset, path.name)
    try:
        return shown(pixels, dataset, path.name)
    except FAULTS:
        raise BadImageError(f"{path.name} has a grey scale that cannot be applied") from None


def _dataset(path: Path, *, header_only: bool) -> Dataset:
    tags = _HEADER if header_only else None
    try:
        return dcmread(path, stop_before_pixels=header_only, specific_tags=tags)
    except OSError as error:
        # pydicom's own have no reason of the system's.
        reason = f"cannot be read: {error.strerror}" if error.strerror else _DAMAGED
        raise BadImageError(f"{path.name} {reason}") from None
    except InvalidDicomError:
        raise BadImageError(f"{path.name} is no DICOM file") from None
    except FAULTS:
        raise BadImageError(f"{path.name} {_DAMAGED}") from None


def _header(dataset: Dataset, path: Path) -> DicomHeader:
    width, height = _count(dataset, "Columns"), _count(dataset, "Rows")
    if not (width and height):
        raise BadImageError(f"{path.name} holds no image")
    return DicomHeader(
        width=width,
        height=height,
        pixel_spacing_mm=_spacing_mm(dataset),
        laterality=_laterality(dataset),
        view=_view(dataset),
        patient_id=_text(dataset, "PatientID"),
        manufacturer=_text(dataset, "Manufacturer"),
        presentation_intent=_text(dataset, "PresentationIntentType"),
        sop_instance_uid=_text(dataset, "SOPInstanceUID"),
        frames=_frames(dataset),
    )


def _check_image(dataset: Dataset, path: Path, width: int, height: int) -> None:
    if "PixelData" not in dataset:
        raise BadImageError(f"{path.name} holds no pixels, or is cut short")
    if _frames(dataset) > 1:
        raise BadImageError(f"{path.name} has several frames; a mammogram has one")
    if dataset.SamplesPerPixel != 1 or not _photometric(dataset).startswith("MONOCHROME"):
        raise BadImageError(f"{path.name} is in colour; a mammogram is grey")
    allocated = dataset.BitsAllocated
    if allocated not in (8, 16) or not 1 <= dataset.BitsStored <= allocated:
        raise BadImageError(f"{path.name} does not store its pixels in 8 to 16 bit")
    columns, rows = dataset.Columns, dataset.Rows
    if (columns, rows) != (width, height):
        raise BadImageError(
            f"{path.name} is {columns} x {rows} px, but its record says {width} x {height}"
        )


def _photometric(dataset: Dataset) -> str:
    return _text(dataset, "PhotometricInterpretation") or ""


def _spacing_mm(dataset: Dataset) -> float | None:
    for keyword in ("ImagerPixelSpacing", "PixelSpacing"):
        numbers = _numbers(dataset, keyword)
        if numbers:
            break
    else:
        return None
    low, high = min(numbers), max(numbers)
    if len(numbers) != 2 or not 0 < low <= high < math.inf:
        return None
    return (low + high) / 2 if high - low <= _LARGEST_ANISOTROPY * low else None


def _laterality(dataset: Dataset) -> Literal["L", "R"] | None:
    side = _text(dataset, "ImageLaterality") or _text(dataset, "Laterality") or ""
    if side.upper() in ("L", "LEFT"):
        return "L"
    return "R" if side.upper() in ("R", "RIGHT") else None


def _view(dataset: Dataset) -> str | None:
    view = _text(dataset, "ViewPosition")
    if view is None:
        items = dataset.get("ViewCodeSequence") or [Dataset()]
        view = _text(items[0], "CodeMeaning")
    if view is None:
        return None
    letters = "".join(character for character in view.lower() if character.isalpha())
    return _VIEWS.get(letters, view.upper())


def _frames(dataset: Dataset) -> int:
    return int((_numbers(dataset, "NumberOfFrames") or [1])[0])


def _count(dataset: Dataset, keyword: str) -> int:
    return int(dataset.get(keyword) or 0)


def _numbers(dataset: Dataset, keyword: str) -> list[float]:
    text = _text(dataset, keyword)
    return [] if text is None else [float(part) for part in text.split("\\")]


def _text(dataset: Dataset, keyword: str) -> str | None:
    """Return a text without blanks around it, None where there is none.

    It is taken as it lies in the file: pydicom would check it and quote it in a warning.
    """
    tag = tag_for_keyword(keyword)
    if tag is None or tag not in dataset:
        return None
    element = dataset.get_item(tag)
    value = element.value
    if isinstance(element, RawDataElement) and isinstance(value, bytes):
        value = value.decode("latin-1")
    return str(value or "").strip(" \0") or None
