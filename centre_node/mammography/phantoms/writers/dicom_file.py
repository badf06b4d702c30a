"""Writes one phantom as a DICOM file: Digital Mammography X-Ray Image, for presentation."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, FileMetaDataset, dcmwrite
from pydicom.uid import (
    UID,
    DigitalMammographyXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
)
from pydicom.valuerep import format_number_as_ds

_DATE, _TIME = "20220101", "120000"
_VIEW_CODES = {
    "CC": ("399162004", "cranio-caudal"),
    "MLO": ("399368009", "medio-lateral oblique"),
}


@dataclass(frozen=True, slots=True)
class DicomFacts:
    """What the file says beside its pixels.

    Attributes:
        view: CC, MLO, or another that ViewPosition is to name.
    """

    patient_id: str
    study_uid: str
    series_uid: str
    sop_uid: str
    laterality: Literal["L", "R"] | None
    view: str | None
    spacing_mm: float | None
    bits_stored: int = 14
    manufacturer: str = "genshare phantoms"
    photometric: Literal["MONOCHROME1", "MONOCHROME2"] = "MONOCHROME2"
    spacing_tag: Literal["ImagerPixelSpacing", "PixelSpacing"] = "ImagerPixelSpacing"


def write_dicom(path: Path, pixels: NDArray[np.uint16 | np.uint8], facts: DicomFacts) -> None:
    """Write a file in Explicit VR Little Endian; the same arguments give the same bytes.

    Args:
        pixels: As stored, shape (height, width), below 2 ** `facts.bits_stored`; for MONOCHROME1
            low values are bright.
    """
    dataset = Dataset()
    dataset.file_meta = _file_meta(facts)
    _add_patient_and_study(dataset, facts)
    _add_equipment(dataset, facts)
    _add_projection(dataset, facts)
    _add_pixels(dataset, pixels, facts)
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    path.write_bytes(buffer.getvalue())


def deepened(pixels: NDArray[np.uint8], bits: int, *, seed: int) -> NDArray[np.uint16]:
    """Return 8-bit values spread over `bits` bits.

    Each is moved up by a uniform random amount below one 8-bit step, so that scaling back and
    rounding down gives what it was.
    """
    step = 2 ** (bits - 8)
    random = np.random.default_rng(seed)
    dither = random.integers(0, step, pixels.shape, dtype=np.uint16)
    return np.asarray(pixels * np.uint16(step) + dither, dtype=np.uint16)


def uid(*parts: str) -> str:
    """Return a UID that is the same for the same parts (PS3.5, B.2: 2.25 and a 128-bit number)."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16])}"


def _file_meta(facts: DicomFacts) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = UID(facts.sop_uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(uid("genshare", "phantoms"))
    meta.ImplementationVersionName = "GENSHARE"  # pydicom's own name changes with its version
    return meta


def _add_patient_and_study(dataset: Dataset, facts: DicomFacts) -> None:
    dataset.SOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID = facts.sop_uid
    dataset.StudyInstanceUID = facts.study_uid
    dataset.SeriesInstanceUID = facts.series_uid
    dataset.PatientID = facts.patient_id
    dataset.PatientName = dataset.PatientBirthDate = ""
    dataset.PatientSex = "F"
    dataset.StudyDate = dataset.AcquisitionDate = dataset.ContentDate = _DATE
    dataset.StudyTime = dataset.AcquisitionTime = dataset.ContentTime = _TIME
    dataset.StudyID = dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.Modality = "MG"
    dataset.PresentationIntentType = "FOR PRESENTATION"


def _add_equipment(dataset: Dataset, facts: DicomFacts) -> None:
    dataset.Manufacturer = facts.manufacturer
    dataset.ManufacturerModelName = "phantom"
    dataset.DeviceSerialNumber = "0"
    dataset.SoftwareVersions = "1"
    dataset.PatientOrientation = ""
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.ImageType = ["DERIVED", "PRIMARY"]


def _add_projection(dataset: Dataset, facts: DicomFacts) -> None:
    dataset.ImageLaterality = facts.laterality or ""
    dataset.OrganExposed = "BREAST"
    dataset.PositionerType = "MAMMOGRAPHIC"
    dataset.DetectorType = "DIRECT"
    dataset.ViewPosition = facts.view or ""
    dataset.ViewCodeSequence = _view_code(facts)
    dataset.AcquisitionContextSequence = []
    dataset.AnatomicRegionSequence = [_code("76752008", "Breast")]
    if facts.spacing_mm is not None:
        spacing = format_number_as_ds(facts.spacing_mm)
        setattr(dataset, facts.spacing_tag, [spacing, spacing])


def _view_code(facts: DicomFacts) -> list[Dataset]:
    code = _VIEW_CODES.get(facts.view or "")
    if code is None:
        return []
    view = _code(*code)
    view.ViewModifierCodeSequence = []
    return [view]


def _code(value: str, meaning: str) -> Dataset:
    """Return an item that names a concept of SNOMED CT."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item


def _add_pixels(dataset: Dataset, pixels: NDArray[np.uint16 | np.uint8], facts: DicomFacts) -> None:
    bits = min(facts.bits_stored, 8 * pixels.itemsize)
    dataset.set_pixel_data(pixels, facts.photometric, bits, generate_instance_uid=False)
    dataset.PixelIntensityRelationship = "LOG"
    inverse = facts.photometric == "MONOCHROME1"
    dataset.PixelIntensityRelationshipSign = 1 if inverse else -1
    dataset.PresentationLUTShape = "INVERSE" if inverse else "IDENTITY"
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.WindowCenter, dataset.WindowWidth = str(2 ** (bits - 1)), str(2**bits)
