"""Reads INbreast: DICOM files, outlines as OsiriX saved them, and a table, lazily."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from centre_node.mammography.dicom import DicomHeader, read_header, read_pixels
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.found_files import FoundFile
from centre_node.mammography.mammograms import Mammogram, Reading, Skipped
from centre_node.mammography.readers.data_folder import DataFolder, OnFile, unheard
from centre_node.mammography.readers.gathering import gathered, main_reason
from centre_node.mammography.readers.inbreast_findings import findings_of, outlines_of
from centre_node.mammography.readers.tables import read_table, read_workbook
from centre_node.mammography.readers.values import density_of, known

IMAGES = "AllDICOMs"
OUTLINES = "AllXML"
TABLE = "INbreast.csv"
WORKBOOK = "INbreast.xls"
CLUSTER_MM = "cluster_mm"
COLUMNS = ("Laterality", "View", "File Name", "ACR", "Bi-Rads")

_FILE_NAME = re.compile(
    r"(?P<image>[0-9]{8})_(?P<patient>[0-9a-f]{16})_MG_(?P<side>[LR])_(?P<view>[A-Z]+)_ANON\.dcm",
    re.IGNORECASE,
)
_LENGTH = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
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


def read_inbreast(folder: Path, where: Mapping[str, str], on_file: OnFile = unheard) -> Reading:
    """Read a folder's table, outlines and DICOM headers; pixels are read when one is loaded.

    The patient is the hash in the DICOM's name, where ML stands for MLO. Regions of one point are
    calcifications; a spiculated region that overlaps a mass is a part of it. There are no biopsies:
    a lesion has its image's BI-RADS and no pathology.

    Only an image that is BI-RADS 1 and has no region is taken for healthy. Any other image whose
    findings have no place that is known (no outlines, none that can be read, or one that cannot)
    is excluded as a whole: its lesions are kept, but no healthy patch comes from it.

    Args:
        where: Keeps the images with these labels: `birads` and `acr` as in the table,
            `laterality` (L or R) and `view` (CC or MLO). `cluster_mm=10` keeps all and makes one
            lesion of calcifications of one point that lie within 10 mm of the next.

    Raises:
        BadMammogramsError: The folder, its table or its folders are missing or of no use, or
            nothing is left.
    """
    files = DataFolder(folder, on_file)
    for part in (folder / IMAGES, folder / OUTLINES):
        if not part.is_dir():
            raise BadMammogramsError(f"there is no folder {part}")
    cluster_mm = _cluster_mm(where)
    skipped: list[Skipped] = []
    rows = _rows(files, skipped)
    images = _images(files, skipped)
    headers = {image: _header(file, files, skipped) for image, file in images.items()}
    mammograms = [
        _mammogram(images[image], header, rows.get(image), files, cluster_mm, skipped)
        for image, header in headers.items()
        if header is not None
    ]
    gone = sorted(rows.keys() - images.keys())
    skipped += [Skipped(f"image {image}", "its DICOM file is missing") for image in gone]
    if not mammograms:
        raise BadMammogramsError(
            f"{folder / IMAGES} has no DICOM file that can be read and has a name such as "
            f"20586908_0123456789abcdef_MG_R_CC_ANON.dcm: {main_reason(skipped)}"
        )
    labels = {key: value for key, value in where.items() if key != CLUSTER_MM}
    return gathered(folder, mammograms, labels, skipped, expected="these images")


def _cluster_mm(where: Mapping[str, str]) -> float:
    """Return how near points are one lesion; 0 where each is one of its own."""
    if CLUSTER_MM not in where:
        return 0
    text = where[CLUSTER_MM].strip()
    if not _LENGTH.fullmatch(text):
        raise BadMammogramsError(
            f"{CLUSTER_MM} must be a length in mm such as 10, within which calcifications are one "
            f"lesion, not {text!r}"
        )
    return float(text)


def _rows(files: DataFolder, skipped: list[Skipped]) -> dict[str, dict[str, str]]:
    """Return the table by image id. Rows with neither id nor side are its totals."""
    rows: dict[str, dict[str, str]] = {}
    for number, row in enumerate(_table(files), start=1):
        image, record = row["File Name"], f"record {number} of the table"
        if image in rows:
            reason = "its image is in the table more than once; the first row is used"
            if row["Bi-Rads"] != rows[image]["Bi-Rads"]:
                reason = "its image is in the table with two BI-RADS; which is right is unknown"
                rows[image] = rows[image] | {"Bi-Rads": ""}
            skipped.append(Skipped(record, reason))
        elif _IMAGE_ID.fullmatch(image):
            rows[image] = {column: known(cell) for column, cell in row.items()}
        elif row["Laterality"]:
            skipped.append(Skipped(record, "its File Name is no image id of 8 digits"))
    return rows


def _table(files: DataFolder) -> list[dict[str, str]]:
    table, workbook = (files.opened(files.path / name) for name in (TABLE, WORKBOOK))
    if table.exists():
        return read_table(table, delimiter=";", required=COLUMNS)
    if workbook.exists():
        return read_workbook(workbook, required=COLUMNS)
    raise BadMammogramsError(f"{files.path} has neither {TABLE} nor {WORKBOOK}")


def _images(files: DataFolder, skipped: list[Skipped]) -> dict[str, _File]:
    """Return the DICOM files by image id. A name holds a patient, so no record repeats it."""
    images: dict[str, _File] = {}
    for number, path in enumerate(files.below(files.path / IMAGES, "*", ".dcm"), start=1):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            reason = "its name is none that INbreast gives a DICOM file"
            skipped.append(Skipped(f"{IMAGES}, file {number} by name", reason))
        elif match["image"] in images:
            reason = "another DICOM file has its image id"
            skipped.append(Skipped(f"image {match['image']}", reason))
        else:
            images[match["image"]] = _file(path, match)
    return images


def _file(path: Path, match: re.Match[str]) -> _File:
    return _File(
        path=path,
        image=match["image"],
        patient=match["patient"].lower(),
        laterality="L" if match["side"].upper() == "L" else "R",
        view=_VIEWS.get(match["view"].upper()),
    )


def _header(file: _File, files: DataFolder, skipped: list[Skipped]) -> DicomHeader | None:
    found = files.find(file.path)
    if isinstance(found, str):
        skipped.append(Skipped(f"image {file.image}", found))
        return None
    try:
        return read_header(found)
    except BadImageError as error:
        skipped.append(Skipped(f"image {file.image}", error.reason))
        return None


def _mammogram(
    file: _File,
    header: DicomHeader,
    row: Mapping[str, str] | None,
    files: DataFolder,
    cluster_mm: float,
    skipped: list[Skipped],
) -> Mammogram:
    record = f"image {file.image}"
    skipped += [Skipped(record, reason) for reason in _doubts(file, row)]
    view = None if row is not None and _is_other_view(row["View"]) else file.view
    birads = row["Bi-Rads"] if row is not None else ""
    acr = row["ACR"] if row is not None else ""
    labels = {"birads": birads, "acr": acr, "laterality": file.laterality, "view": view or ""}
    mammogram = Mammogram(
        image_id=file.image,
        patient_id=file.patient,
        width=header.width,
        height=header.height,
        load=partial(read_pixels, file.path, header.width, header.height),
        file=FoundFile.at(file.path, f"{IMAGES}/{file.path.name}"),
        laterality=file.laterality,
        view=view,
        density=density_of(acr),
        pixel_spacing_mm=header.pixel_spacing_mm,
        labels={key: value for key, value in labels.items() if value},
    )
    outlines = outlines_of(files, files.path / OUTLINES / f"{file.image}.xml")
    return mammogram.annotated(
        findings_of(outlines, mammogram, record, birads, cluster_mm, skipped)
    )


def _doubts(file: _File, row: Mapping[str, str] | None) -> Iterator[str]:
    """Yield what is wrong with an image's row."""
    if row is None:
        yield "it has no row in the table, so its density and BI-RADS are unknown"
        return
    if row["ACR"] and density_of(row["ACR"]) is None:
        yield "its ACR density is not 1 to 4; it is read as unknown"
    if _is_other_view(row["View"]) or file.view is None:
        yield "its view is neither CC nor MLO; it is read as unknown"
    elif row["View"] and _VIEWS[row["View"].upper()] != file.view:
        yield "its row and its file name disagree on the view; the file name is believed"
    if row["Laterality"] and row["Laterality"].upper() != file.laterality:
        yield "its row and its file name disagree on the side; the file name is believed"


def _is_other_view(cell: str) -> bool:
    return bool(cell) and cell.upper() not in _VIEWS
