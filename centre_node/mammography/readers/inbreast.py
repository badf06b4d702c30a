"""Reads INbreast: DICOM files, outlines as OsiriX saved them, and a table, lazily."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from centre_node.mammography.boxes import Box
from centre_node.mammography.dicom import DicomHeader, read_header, read_pixels
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.mammograms import Mammogram, Reading, Skipped
from centre_node.mammography.readers.filtering import filtered
from centre_node.mammography.readers.inbreast_findings import read_findings
from centre_node.mammography.readers.tables import read_table, read_workbook

IMAGES = "AllDICOMs"
OUTLINES = "AllXML"
TABLE = "INbreast.csv"
WORKBOOK = "INbreast.xls"
COLUMNS = ("Laterality", "View", "File Name", "ACR", "Bi-Rads")

_FILE_NAME = re.compile(
    r"(?P<image>[0-9]{8})_(?P<patient>[0-9a-f]{16})_MG_(?P<side>[LR])_(?P<view>[A-Z]+)_ANON\.dcm",
    re.IGNORECASE,
)
_IMAGE_ID = re.compile(r"[0-9]{8}")
_VIEWS = {"CC": "CC", "ML": "MLO", "MLO": "MLO"}


@dataclass(frozen=True, slots=True)
class _File:
    """An image's file and what its name says; the view is None where it is neither CC nor MLO."""

    path: Path
    image: str
    patient: str
    laterality: Literal["L", "R"]
    view: str | None


def read_inbreast(folder: Path, where: Mapping[str, str]) -> Reading:
    """Read a folder's table, outlines and DICOM headers; pixels are read when one is loaded.

    The patient is the hash in the DICOM's name, where ML stands for MLO. Regions of one point are
    calcifications; a spiculated region that overlaps a mass is a part of it. There are no biopsies:
    a lesion has its image's BI-RADS and no pathology.

    Only an image that is BI-RADS 1 and has no region is taken for healthy. Any other image whose
    findings have no place that is known (no outlines, none that can be read, or one that cannot)
    is excluded as a whole: its lesions are kept, but no healthy patch comes from it.

    Args:
        where: Keeps the images with these labels: `birads` and `acr` as in the table,
            `laterality` (L or R) and `view` (CC or MLO).

    Raises:
        BadMammogramsError: The folder, its table or its folders are missing or of no use, or
            nothing is left.
    """
    for part in (folder, folder / IMAGES, folder / OUTLINES):
        if not part.is_dir():
            raise BadMammogramsError(f"there is no folder {part}")
    skipped: list[Skipped] = []
    rows = _rows(folder, skipped)
    files = _files(folder / IMAGES, skipped)
    headers = {image: _header(file, skipped) for image, file in files.items()}
    mammograms = [
        _mammogram(files[image], header, rows.get(image), folder, skipped)
        for image, header in headers.items()
        if header is not None
    ]
    gone = sorted(rows.keys() - files.keys())
    skipped += [Skipped(f"image {image}", "its DICOM file is missing") for image in gone]
    if not mammograms:
        raise BadMammogramsError(
            f"{folder / IMAGES} has no DICOM file that can be read and has a name such as "
            "20586908_0123456789abcdef_MG_R_CC_ANON.dcm"
        )
    return Reading(folder.resolve().name, filtered(mammograms, where, folder), tuple(skipped))


def _rows(folder: Path, skipped: list[Skipped]) -> dict[str, dict[str, str]]:
    """Return the table by image id. Rows with neither id nor side are its totals."""
    rows: dict[str, dict[str, str]] = {}
    for number, row in enumerate(_table(folder), start=1):
        image = row["File Name"]
        if image in rows:
            reason = "its image is in the table more than once; the first row is used"
            skipped.append(Skipped(f"record {number} of the table", reason))
        elif _IMAGE_ID.fullmatch(image):
            rows[image] = row
        elif row["Laterality"]:
            reason = "its File Name is no image id of 8 digits"
            skipped.append(Skipped(f"record {number} of the table", reason))
    return rows


def _table(folder: Path) -> list[dict[str, str]]:
    if (folder / TABLE).exists():
        return read_table(folder / TABLE, delimiter=";", required=COLUMNS)
    if (folder / WORKBOOK).exists():
        return read_workbook(folder / WORKBOOK, required=COLUMNS)
    raise BadMammogramsError(f"{folder} has neither {TABLE} nor {WORKBOOK}")


def _files(folder: Path, skipped: list[Skipped]) -> dict[str, _File]:
    """Return the DICOM files by image id. A name holds a patient, so no record repeats it."""
    files: dict[str, _File] = {}
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".dcm")
    for number, path in enumerate(paths, start=1):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            reason = "its name is none that INbreast gives a DICOM file"
            skipped.append(Skipped(f"{IMAGES}, file {number} by name", reason))
        elif match["image"] in files:
            reason = "another DICOM file has its image id"
            skipped.append(Skipped(f"image {match['image']}", reason))
        else:
            files[match["image"]] = _file(path, match)
    return files


def _file(path: Path, match: re.Match[str]) -> _File:
    return _File(
        path=path,
        image=match["image"],
        patient=match["patient"].lower(),
        laterality="L" if match["side"].upper() == "L" else "R",
        view=_VIEWS.get(match["view"].upper()),
    )


def _header(file: _File, skipped: list[Skipped]) -> DicomHeader | None:
    try:
        return read_header(file.path)
    except BadImageError:
        skipped.append(Skipped(f"image {file.image}", "it is no DICOM file that can be read"))
        return None


def _mammogram(
    file: _File,
    header: DicomHeader,
    row: Mapping[str, str] | None,
    folder: Path,
    skipped: list[Skipped],
) -> Mammogram:
    record = f"image {file.image}"
    skipped += [Skipped(record, reason) for reason in _doubts(file, row)]
    view = None if row is not None and _is_other_view(row["View"]) else file.view
    birads = row["Bi-Rads"] if row is not None else ""
    acr = row["ACR"] if row is not None else ""
    outlines = folder / OUTLINES / f"{file.image}.xml"
    findings = read_findings(outlines, record, header, birads, skipped)
    status = file.path.stat()
    labels = {"birads": birads, "acr": acr, "laterality": file.laterality, "view": view or ""}
    return Mammogram(
        image_id=file.image,
        patient_id=file.patient,
        width=header.width,
        height=header.height,
        load=partial(read_pixels, file.path, header.width, header.height),
        fingerprint=f"{IMAGES}/{file.path.name} {status.st_size} {status.st_mtime_ns}",
        laterality=file.laterality,
        view=view,
        density=_density(acr),
        pixel_spacing_mm=header.pixel_spacing_mm,
        lesions=findings.lesions,
        excluded=() if findings.places_known else (Box(0, 0, header.width, header.height),),
        labels={key: value for key, value in labels.items() if value},
    )


def _doubts(file: _File, row: Mapping[str, str] | None) -> Iterator[str]:
    """Yield what is wrong with an image's row."""
    if row is None:
        yield "it has no row in the table, so its density and BI-RADS are unknown"
        return
    if row["ACR"] and _density(row["ACR"]) is None:
        yield "its ACR density is not 1 to 4; it is read as unknown"
    if _is_other_view(row["View"]) or file.view is None:
        yield "its view is neither CC nor MLO; it is read as unknown"
    elif row["View"] and _VIEWS[row["View"].upper()] != file.view:
        yield "its row and its file name disagree on the view; the file name is believed"
    if row["Laterality"] and row["Laterality"].upper() != file.laterality:
        yield "its row and its file name disagree on the side; the file name is believed"


def _is_other_view(cell: str) -> bool:
    return bool(cell) and cell.upper() not in _VIEWS


def _density(cell: str) -> int | None:
    return int(cell) if cell in ("1", "2", "3", "4") else None
