"""What tells that a folder holds a table of boxes. Tables are opened, images are not."""

from pathlib import Path

from centre_node.errors import BadMammogramsError
from centre_node.mammography.readers.data_folder import DataFolder
from centre_node.mammography.readers.table_choices import CHOICES, TableChoices
from centre_node.mammography.readers.table_fields import KNOWN_TABLES
from centre_node.mammography.readers.table_file import HOW_TO_SAY, box_tables


class TableMarks:
    """The marks of a folder of images with a table of boxes."""

    words = f"a .csv with columns for image, patient and box, or {CHOICES}"

    def found(self, folder: Path) -> bool:
        """Tell whether a folder has a table that is known by name, by its columns, or as said."""
        known = (CHOICES, *(place for table in KNOWN_TABLES for place in table.places))
        return any((folder / name).is_file() for name in known) or self._has_boxes(folder)

    def near_miss(self, folder: Path) -> str | None:
        """Say which columns the table that lacks fewest lacks, if it has any that is known."""
        try:
            tables = [
                (path, c) for path, c in box_tables(DataFolder(folder), TableChoices()) if c.places
            ]
        except BadMammogramsError as error:
            return str(error)
        if not tables:
            return None
        path, columns = min(tables, key=lambda table: len(table[1].missing()))
        return (
            f"{path.name} has no column that is known as {', '.join(columns.missing())}: "
            f"{HOW_TO_SAY}"
        )

    def _has_boxes(self, folder: Path) -> bool:
        try:
            return any(
                not columns.missing()
                for _, columns in box_tables(DataFolder(folder), TableChoices())
            )
        except BadMammogramsError:
            return False  # a table that cannot be read is no mark
