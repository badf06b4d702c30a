"""Writes the layout of INbreast: DICOM files, OsiriX outlines, and the table in both its forms."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.phantoms.writers.dicom_file import (
    DicomFacts,
    deepened,
    uid,
    write_dicom,
)
from centre_node.mammography.phantoms.writers.inbreast_tables import Row, write_csv, write_workbook
from centre_node.mammography.phantoms.writers.osirix import regions_of, write_regions
from centre_node.mammography.readers.inbreast import IMAGES, OUTLINES, TABLE, WORKBOOK
from shared.progress import OnCount

_BITS = 14
_FIRST_IMAGE, _STEP = 20586908, 26
_NO_MILLIMETRES_EVERY = 3
_REMOVED = "removed"
_VIEWS = {"CC": "CC", "MLO": "ML"}
_OTHER_VIEW = "FB"
_BIRADS = {"malignant": ("4b", "4c", "5", "6"), "benign": ("2", "3", "4a")}


@dataclass(frozen=True, slots=True)
class _Image:
    """A mammogram and its place among all."""

    mammogram: Mammogram
    position: int

    @property
    def image_id(self) -> str:
        """8 digits."""
        return str(_FIRST_IMAGE + _STEP * self.position)

    @property
    def side(self) -> str:
        """L or R."""
        return self.mammogram.laterality or "L"

    @property
    def patient(self) -> str:
        """The hash that names the patient."""
        return hashlib.sha256(self.mammogram.patient_id.encode()).hexdigest()[:16]

    @property
    def file_name(self) -> str:
        """Of the DICOM file, where ML stands for MLO."""
        view = _VIEWS.get(self.mammogram.view or "", _OTHER_VIEW)
        return f"{self.image_id}_{self.patient}_MG_{self.side}_{view}_ANON.dcm"


def write_inbreast(mammograms: Sequence[Mammogram], folder: Path, *, on_progress: OnCount) -> None:
    """Write mammograms as INbreast. Images with nothing to outline have BI-RADS 1 and no XML.

    A malignant mass is outlined twice, its core and all of it, the spiculated region. A
    calcification of up to 2 px is a single point, excluded tissue a region without a name.
    What the layout cannot tell is lost: pathology, which shows in the BI-RADS only, views but CC
    and MLO, an unknown side (it becomes left), and which contours make up a lesion that is no mass.
    """
    for name in (IMAGES, OUTLINES):
        (folder / name).mkdir()
    images = [_Image(mammogram, position) for position, mammogram in enumerate(mammograms)]
    for image in images:
        on_progress(image.position, len(images))
        _write_image(image, folder)
    rows = [_row(image) for image in images]
    write_csv(rows, folder / TABLE)
    write_workbook(rows, folder / WORKBOOK)
    on_progress(len(images), len(images))


def _write_image(image: _Image, folder: Path) -> None:
    pixels = deepened(image.mammogram.load(), _BITS, seed=image.position)
    write_dicom(folder / IMAGES / image.file_name, pixels, _facts(image))
    regions = regions_of(image.mammogram)
    if regions:
        write_regions(
            folder / OUTLINES / f"{image.image_id}.xml",
            regions,
            pixels=pixels,
            spacing_mm=image.mammogram.pixel_spacing_mm,
            with_millimetres=image.position % _NO_MILLIMETRES_EVERY != 0,
        )


def _facts(image: _Image) -> DicomFacts:
    mammogram = image.mammogram
    return DicomFacts(
        patient_id=_REMOVED,
        study_uid=uid("inbreast", "study", image.patient),
        series_uid=uid("inbreast", "series", image.image_id),
        sop_uid=uid("inbreast", "image", image.image_id),
        laterality=mammogram.laterality,
        view=mammogram.view,
        spacing_mm=mammogram.pixel_spacing_mm,
        bits_stored=_BITS,
    )


def _row(image: _Image) -> Row:
    mammogram = image.mammogram
    names = {region.name for region in regions_of(mammogram)}
    view = mammogram.view if mammogram.view in _VIEWS else _OTHER_VIEW
    return Row(
        laterality=image.side,
        view=str(view),
        image_id=image.image_id,
        density="" if mammogram.density is None else str(mammogram.density),
        birads=_birads(image),
        has_mass="Mass" in names,
        has_calcifications=bool(names & {"Calcification", "Cluster"}),
        has_asymmetry="Asymmetry" in names,
    )


def _birads(image: _Image) -> str:
    """Return the worst of the lesions' own, else one that fits the worst pathology."""
    lesions = image.mammogram.lesions
    told = max((lesion.birads for lesion in lesions if lesion.birads), default=None)
    if told is not None:
        return told
    if image.mammogram.is_free:
        return "1"
    pathologies = {lesion.pathology for lesion in lesions}
    choices = _BIRADS["malignant" if "malignant" in pathologies else "benign"]
    return choices[int(image.patient, 16) % len(choices)]
