"""Finds the table of boxes in a folder and reads its rows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.readers.data_folder import DataFolder
from centre_node.mammography.readers.table_choices import CHOICES, TableChoices
from centre_node.mammography.readers.table_columns import Columns, find_columns, not_there
from centre_node.mammography.readers.table_fields import KNOWN_TABLES, Field, KnownTable
from centre_node.mammography.readers.tables import cleaned, decoded_text, separated
from centre_node.mammography.readers.values import known as known_text

HOW_TO_SAY = (
    f"name them in {CHOICES} beside it, such as: [columns] image = 'Datei' (docs/data.md has more)"
)

_ENDINGS = (".csv", ".tsv")
_SEPARATORS = ",;\t|"


@dataclass(frozen=True, slots=True)
class BoxTable:
    """A table whose columns are known.

    Attributes:
        name: Its file, relative to the folder.
        title: The data set that it is recognised as.
        labels: Columns to filter images by.
        rows: By their number in the table, from 1 on, without rows that are empty.
    """

    name: str
    title: str | None
    columns: Columns
    labels: Mapping[str, int]
    rows: tuple["Row", ...]


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row."""

    number: int
    cells: tuple[str, ...]
    columns: Columns

    def raw(self, field: Field) -> str:
        """Return a field's cell; empty where there is no such column or the row ends before."""
        place = self.columns.places.get(field)
        return "" if place is None else self.at(place)

    def at(self, place: int) -> str:
        """Return the cell of a column; empty where the row ends before."""
        return self.cells[place] if place < len(self.cells) else ""

    def text(self, field: Field) -> str:
        """Return a field's cell; empty too where it says that there is nothing, as nan does."""
        cell = self.raw(field)
        return "" if cell == "-" else known_text(cell)

    @property
    def is_too_long(self) -> bool:
        """Whether it has cells beyond the header, so that none is sure to be in its column."""
        return any(self.cells[len(self.columns.header) :])


def find_table(files: DataFolder, choices: TableChoices) -> BoxTable:
    """Read the table that the centre names, or one known by name, or the only one with boxes.

    Raises:
        BadMammogramsError: There is none, or several, or it cannot be read or lacks columns.
    """
    if choices.table is not None:
        return _read(files, _named(files, choices.table), None, choices)
    for known in KNOWN_TABLES:
        for place in known.places:
            if (files.path / place).is_file():
                return _read(files, files.path / place, known, choices)
    return _read(files, _only(files, choices), None, choices)


def box_tables(files: DataFolder, choices: TableChoices) -> Iterator[tuple[Path, Columns]]:
    """Yield the tables of a folder with the columns that are found in each.

    One that cannot be read has none, so that it stands in no other's way.
    """
    for ending in _ENDINGS:
        for path in files.below(files.path, "*", ending):
            try:
                header = _header_and_rows(files.opened(path), choices)[0]
            except BadMammogramsError:
                header = ()
            yield path, find_columns(header, choices.columns)


def _named(files: DataFolder, name: str) -> Path:
    found = files.named(name)
    if isinstance(found, str):
        raise BadMammogramsError(f"{CHOICES} in {files.path} names the table {name!r}: {found}")
    return found


def _only(files: DataFolder, choices: TableChoices) -> Path:
    found = list(box_tables(files, choices))
    complete = [path for path, columns in found if not columns.missing()]
    if len(complete) == 1:
        return complete[0]
    if complete:
        raise BadMammogramsError(
            f"{files.path} has {len(complete)} tables of boxes, {complete[0].name} and others; "
            f"name one as table = '...' in {CHOICES}"
        )
    if len(found) == 1:
        return found[0][0]  # whose reading says what it lacks
    raise BadMammogramsError(
        f"{files.path} has {len(found) or 'no'} .csv files, and none with columns for image, "
        f"patient and box that are known; {HOW_TO_SAY}"
    )


def _read(
    files: DataFolder, path: Path, known: KnownTable | None, choices: TableChoices
) -> BoxTable:
    header, rows = _header_and_rows(files.opened(path), choices)
    given = {**(known.columns if known else {}), **choices.columns}
    columns = find_columns(header, given)
    _check(path, columns, given)
    wanted = choices.labels or (known.labels if known else ())
    labels = {name: header.index(name) for name in wanted if name in header}
    if choices.labels and len(labels) < len(choices.labels):
        absent = ", ".join(repr(name) for name in choices.labels if name not in labels)
        raise BadMammogramsError(f"{CHOICES} names the labels {absent}, which {path} lacks")
    return BoxTable(
        name=path.relative_to(files.path).as_posix(),
        title=None if known is None else known.title,
        columns=columns,
        labels=labels,
        rows=tuple(Row(number, cells, columns) for number, cells in rows),
    )


def _check(path: Path, columns: Columns, given: Mapping[Field, str]) -> None:
    for field, name in not_there(columns.header, given):
        raise BadMammogramsError(
            f"{path} has no column {name!r}, which is given as its {field}; {_there(columns)}"
        )
    missing = columns.missing()
    if missing:
        raise BadMammogramsError(
            f"{path} has no column that is known as {', '.join(missing)}; {_there(columns)}; "
            f"{HOW_TO_SAY}"
        )


def _there(columns: Columns) -> str:
    if not columns.places:
        # It may be a record, which no message repeats.
        return f"its first row, of {len(columns.header)} cells, is no header that is known"
    return f"it has {', '.join(filter(None, columns.header))}"


def _header_and_rows(
    path: Path, choices: TableChoices
) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]]]:
    """Return the header and the rows with their numbers; empty rows are left out."""
    text = decoded_text(path)
    first, _, rest = text.partition("\n")
    said = re.fullmatch(r"\"?sep=(.)\"?\s*", first, re.IGNORECASE)  # Excel's own line
    if said is not None:
        text, first = rest, rest.partition("\n")[0]
    delimiter = choices.separator or (said[1] if said else _separator(first))
    tidy = [tuple(map(cleaned, row)) for row in separated(text, delimiter, path)]
    filled = [row for row in tidy if any(row)]
    if not filled:
        raise BadMammogramsError(f"{path} is empty; a header and one row a box were expected")
    return filled[0], list(enumerate(filled[1:], start=1))


def _separator(line: str) -> str:
    """Return what separates a header's names: what stands in it most often, quotes aside."""
    bare: Sequence[str] = re.sub(r'"[^"]*"', "", line)
    return max(_SEPARATORS, key=bare.count)
