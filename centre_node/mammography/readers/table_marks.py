"""What tells that a folder holds a table of boxes. Tables are opened, images are not."""

from collections.abc import Iterator
from pathlib import Path

from centre_node.mammography.readers.data_folder import DataFolder
from centre_node.mammography.readers.table_choices import CHOICES, TableChoices
from centre_node.mammography.readers.table_columns import Columns
from centre_node.mammography.readers.table_fields import KNOWN_TABLES
from centre_node.mammography.readers.table_file import HOW_TO_SAY, box_tables

_WORKBOOKS = (".xlsx", ".xls", ".ods")


class TableMarks:
    """The marks of a folder of images with a table of boxes."""

    words = f"a .csv with columns for image, patient and box, or {CHOICES}"

    def found(self, folder: Path) -> bool:
        """Tell whether a folder has a table that is known by name, by its columns, or as said."""
        known = (CHOICES, *(place for table in KNOWN_TABLES for place in table.places))
        if any((folder / name).is_file() for name in known):
            return True
        return any(not columns.missing() for _, columns in _tables(folder))

    def near_miss(self, folder: Path) -> str | None:
        """Say which columns the table that lacks fewest lacks, if it has any that is known."""
        tables = [(path, columns) for path, columns in _tables(folder) if columns.places]
        if not tables:
            return _workbook(folder)
        path, columns = min(tables, key=lambda table: len(table[1].missing()))
        missing = ", ".join(columns.missing())
        return f"{path.name} has no column that is known as {missing}: {HOW_TO_SAY}"


def _tables(folder: Path) -> Iterator[tuple[Path, Columns]]:
    return box_tables(DataFolder(folder), TableChoices())


def _workbook(folder: Path) -> str | None:
    files = DataFolder(folder)
    found = [path for ending in _WORKBOOKS for path in files.below(folder, "*", ending)]
    return f"{found[0].name} is a workbook: save its sheet as .csv" if found else None
