"""Reads the tables that data sets come with, as text."""

import codecs
import csv
import io
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from centre_node.mammography.errors import BadMammogramsError

_WORKBOOK_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
)
"""What xlrd raises for damaged files, beside its own errors."""


def read_table(
    path: Path, *, delimiter: str = ",", required: Sequence[str]
) -> list[dict[str, str]]:
    """Return a table's records, each from column name to cell.

    Names and cells lose the blanks around them and line breaks inside. Rows without a single
    cell are no records; cells that a row lacks are empty, cells beyond the header are dropped.

    Raises:
        BadMammogramsError: The file cannot be read, has no header, or lacks a required column.
    """
    return _records(separated(decoded_text(path), delimiter, path), path, required)


def read_workbook(path: Path, *, required: Sequence[str]) -> list[dict[str, str]]:
    """Return the records of an .xls file's first sheet, as `read_table` does.

    Whole numbers are written without a fraction.

    Raises:
        BadMammogramsError: The file cannot be read, has no header, or lacks a required column.
    """
    return _records(_workbook_rows(path), path, required)


def decoded_text(path: Path) -> str:
    """Return a file's text: UTF-16 with a byte order mark, UTF-8 with or without, or else Latin-1.

    Raises:
        BadMammogramsError: The file cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadMammogramsError(f"{path} cannot be read: {error.strerror}") from error
    try:
        is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _records(rows: list[list[str]], path: Path, required: Sequence[str]) -> list[dict[str, str]]:
    filled = [tidy for row in rows if any(tidy := [cleaned(cell) for cell in row])]
    if not filled:
        raise BadMammogramsError(f"{path} is empty; a header and one row a record were expected")
    header, *records = filled
    missing = [column for column in required if column not in header]
    if missing:
        raise BadMammogramsError(
            f"{path} has no column {', '.join(map(repr, missing))}; {_there(header, required)}"
        )
    return [dict(zip(header, record + [""] * len(header), strict=False)) for record in records]


def separated(text: str, delimiter: str, path: Path) -> list[list[str]]:
    """Return the cells of each row of a text; an error names `path`.

    Raises:
        BadMammogramsError: It is no table.
    """
    lines = io.StringIO(text, newline="")
    try:
        # A quote opens a cell after a blank too, as where each comma is followed by one.
        return list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error as error:
        raise BadMammogramsError(f"{path} is no table that can be read: {error}") from error


def _workbook_rows(path: Path) -> list[list[str]]:
    # Here, not above: only one data set comes as a workbook.
    import xlrd

    try:
        content = path.read_bytes()
        # xlrd prints its warnings where it is not told otherwise.
        book = xlrd.open_workbook(file_contents=content, logfile=io.StringIO())
        sheet = book.sheet_by_index(0)
        return [[_cell_text(cell) for cell in sheet.row(number)] for number in range(sheet.nrows)]
    except OSError as error:
        raise BadMammogramsError(f"{path} cannot be read: {error.strerror}") from error
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, *_WORKBOOK_FAULTS) as error:
        raise BadMammogramsError(f"{path} is no .xls workbook that can be read") from error


def _cell_text(cell: Any) -> str:
    value = cell.value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def cleaned(cell: str) -> str:
    """Return a cell without the blanks around it and line breaks inside."""
    return "".join(cell.splitlines()).strip()


def _there(header: Sequence[str], required: Sequence[str]) -> str:
    if set(header).isdisjoint(required):
        # It may be a record, which no message repeats.
        return f"its first row, of {len(header)} cells, is no header or is separated otherwise"
    return f"it has {', '.join(map(repr, filter(None, header)))}"
