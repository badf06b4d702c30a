"""Gathers what the two tables of each BCDR sub data set say of an image."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Skipped
from centre_node.mammography.readers.data_folder import MISSING, DataFolder, separated
from centre_node.mammography.readers.tables import read_table
from centre_node.mammography.readers.values import known

Side = Literal["L", "R"]

FLAGS = ("mammography_nodule", "mammography_calcification", "mammography_microcalcification")

_TABLE_NAME = re.compile(r"bcdr_(?P<set>[a-z]+[0-9]+)_(?P<table>img|outlines)\.csv", re.IGNORECASE)
_IMAGE_COLUMNS = ("patient_id", "study_id", "image_filename")
_OUTLINE_COLUMNS = (*_IMAGE_COLUMNS, "lesion_id", "lw_x_points", "lw_y_points", *FLAGS)
_TYPES: dict[str, tuple[Side, str]] = {
    "RCC": ("R", "CC"),
    "LCC": ("L", "CC"),
    "RO": ("R", "MLO"),
    "LO": ("L", "MLO"),
}
_VIEW_NUMBERS = {"1": "RCC", "2": "LCC", "3": "RO", "4": "LO"}


@dataclass(frozen=True, slots=True)
class Subset:
    """A sub data set such as F01: film (F) or digital (D), the normals with N or DN.

    Attributes:
        tables: Its `img` and its `outlines`, of which one may be missing.
    """

    name: str
    folder: Path
    tables: Mapping[str, Path]

    @property
    def holds_normals(self) -> bool:
        """Whether all of its images are healthy."""
        return self.name.lstrip("D").startswith("N")


@dataclass(slots=True)
class Record:
    """What the tables say of one image.

    Attributes:
        name: What `Skipped` calls it: its first row.
        file_name: Relative to the subset's folder.
        found: Its file, or why it cannot be opened.
        rows: Of the `img` table first, then of the outlines.
        outlines: Rows of the outlines by what `Skipped` calls them.
        copies: Records of other subsets whose image is the same.
    """

    name: str
    subset: Subset
    file_name: str
    found: Path | str
    rows: list[Mapping[str, str]] = field(default_factory=list)
    outlines: dict[str, Mapping[str, str]] = field(default_factory=dict)
    copies: "list[Record]" = field(default_factory=list)

    @property
    def path(self) -> Path:
        """Where the image lies."""
        return self.subset.folder / self.file_name if isinstance(self.found, str) else self.found

    @property
    def patient_ids(self) -> set[str]:
        """One patient, or several where the rows disagree; empty texts are ids that lack."""
        return {known(row["patient_id"]) for row in self.rows}

    def first(self, column: str) -> str:
        """Return the first cell that says something, else an empty text."""
        return next((cell for row in self.rows if (cell := known(row.get(column, "")))), "")

    def views(self) -> set[tuple[Side, str]]:
        """Return side and view as the tables tell them: none, one, or several that disagree."""
        types = [row.get("image_type_name", "").upper() for row in self.rows]
        types += [_VIEW_NUMBERS.get(row.get("image_view", ""), "") for row in self.rows]
        return {_TYPES[name] for name in types if name in _TYPES}


def find_subsets(files: DataFolder) -> list[Subset]:
    """Return the sub data sets whose tables lie in a folder or in one below it.

    Raises:
        BadMammogramsError: There is no such table.
    """
    tables: dict[tuple[Path, str], dict[str, Path]] = defaultdict(dict)
    folder = files.path
    here, below = (files.below(folder, pattern, ".csv") for pattern in ("*", "*/*"))
    for path in sorted((*here, *below)):
        match = _TABLE_NAME.fullmatch(path.name)
        if match is not None:
            tables[path.parent, match["set"].upper()][match["table"].lower()] = path
    if not tables:
        raise BadMammogramsError(
            f"{folder} has no table such as bcdr_f01_outlines.csv or bcdr_f01_img.csv, "
            "there or one folder below"
        )
    return [Subset(name, place, found) for (place, name), found in tables.items()]


def read_records(subset: Subset, files: DataFolder, skipped: list[Skipped]) -> list[Record]:
    """Return what a subset's tables say of each image, in their order.

    Raises:
        BadMammogramsError: A table cannot be read or lacks a column.
    """
    records: dict[str, Record] = {}
    for name, row in _rows(subset, files, "img", _IMAGE_COLUMNS):
        record = _record_of(row, name, subset, files, records)
        if record.rows:
            reason = "its image is in the table more than once; the first row is used"
            skipped.append(Skipped(name, reason))
        else:
            record.rows.append(row)
    for name, row in _rows(subset, files, "outlines", _OUTLINE_COLUMNS):
        record = _record_of(row, name, subset, files, records)
        record.rows.append(row)
        record.outlines[name] = row
    return list(records.values())


def _record_of(
    row: Mapping[str, str],
    name: str,
    subset: Subset,
    files: DataFolder,
    records: dict[str, Record],
) -> Record:
    file_name, found = _file(row, subset.folder, files)
    return records.setdefault(file_name, Record(name, subset, file_name, found))


def _file(row: Mapping[str, str], folder: Path, files: DataFolder) -> tuple[str, Path | str]:
    """Return an image's name and file: as it is named, or in its study's folder."""
    named = separated(row["image_filename"])
    found = files.find(folder / named)
    base = named.rpartition("/")[2]
    in_study = f"patient_{row['patient_id']}/study_{row['study_id']}/{base}"
    other = files.find(folder / in_study) if found == MISSING else MISSING
    return (named, found) if other == MISSING else (in_study, other)


def _rows(
    subset: Subset, files: DataFolder, table: str, columns: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield a table's rows and what `Skipped` calls them; none where there is no such table."""
    path = subset.tables.get(table)
    rows = [] if path is None else read_table(files.opened(path), required=columns)
    for number, row in enumerate(rows, start=1):
        yield f"{subset.tables[table].name}, record {number}", row
