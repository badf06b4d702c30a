"""Writes INbreast's table: the .xls original, and the shorter text with semicolons."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import xlwt

_CSV_COLUMNS = (
    "Patient ID",
    "Patient age",
    "Laterality",
    "View",
    "Acquisition date",
    "File Name",
    "ACR",
    "Bi-Rads",
)
_WORKBOOK_COLUMNS = (
    *_CSV_COLUMNS,
    "Mass ",
    "Micros",
    "Distortion",
    "Asymmetry",
    "Findings Notes (in Portuguese)",
    "Other Notes",
    "Lesion Annotation Status",
    "Pectoral Muscle Annotation",
    "Other Annotations",
)
_REMOVED = "removed"
_DATE = "201001"
_FIRST_TOTAL = _WORKBOOK_COLUMNS.index("Mass ")


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says of an image.

    Attributes:
        density: ACR, 1 to 4; empty where it is unknown.
    """

    laterality: str
    view: str
    image_id: str
    density: str
    birads: str
    has_mass: bool
    has_calcifications: bool
    has_asymmetry: bool


def write_csv(rows: Sequence[Row], path: Path) -> None:
    """Write the text."""
    lines = [_CSV_COLUMNS, *map(_cells, rows)]
    path.write_bytes("".join(f"{';'.join(line)}\r\n" for line in lines).encode("ascii"))


def write_workbook(rows: Sequence[Row], path: Path) -> None:
    """Write the original with its two rows of totals at the end, which name no image."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("INBreast")
    lines = [[*_cells(row), *_findings(row)] for row in rows]
    for number, line in enumerate([list(_WORKBOOK_COLUMNS), *lines, *_totals(lines)]):
        for column, cell in enumerate(line):
            if cell:
                sheet.write(number, column, int(cell) if cell.isdecimal() else cell)
    buffer = BytesIO()
    book.save(buffer)
    path.write_bytes(buffer.getvalue())


def _cells(row: Row) -> tuple[str, ...]:
    place = (row.laterality, row.view, _DATE, row.image_id)
    return (_REMOVED, _REMOVED, *place, row.density, row.birads)


def _findings(row: Row) -> tuple[str, ...]:
    found = (row.has_mass, row.has_calcifications, False, row.has_asymmetry)
    marks = ("X" if is_there else "" for is_there in found)
    status = "" if any(found) else "NO ANNOTATION (NORMAL)"
    return (*marks, "", "", status, "", "")


def _totals(lines: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return how many images have each finding, and how many have none."""
    blank = [""] * _FIRST_TOTAL
    marks = [[line[_FIRST_TOTAL + number] for line in lines] for number in range(4)]
    counts = [str(column.count("X")) for column in marks]
    return [[*blank, *counts], [*blank, *(str(len(lines) - int(count)) for count in counts)]]
