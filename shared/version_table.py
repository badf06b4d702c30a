"""Versions on a terminal, a table as wide as it is; in a pipe, a line for each."""

import sys
from collections.abc import Iterable
from datetime import UTC

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from shared.records import GeneratorVersion
from shared.safe_text import shown
from shared.states import IN_WORDS

COLUMNS = (
    *("centre", "name", "version", "state"),
    *("title", "architecture", "patches", "published"),
)
LEFT_OUT_FIRST = ("architecture", "published", "patches", "title", "state")
WIDEST = 10_000

Row = dict[str, str]


def print_versions(records: Iterable[GeneratorVersion]) -> None:
    """Print versions. No word of a table is broken: a narrow terminal gets fewer columns.

    In a pipe or a file each is a line of whole cells with tabs between, without a heading, and so
    it is on a terminal too narrow for a name.
    """
    if not sys.stdout.isatty():
        _print_lines(map(_row, records), COLUMNS)
        return
    rows, columns, console = list(map(_row, records)), list(COLUMNS), Console()
    for name in ("", *LEFT_OUT_FIRST):
        columns = [column for column in columns if column != name]
        table = _table(rows, columns)
        if _narrowest(console, table) <= console.width:
            console.print(table)
            return
    _print_lines(rows, columns)


def _row(record: GeneratorVersion) -> Row:
    card = record.card
    network = f"{card.architecture.kind}, {card.architecture.image_size} px"
    told = (
        record.centre,
        record.name,
        str(record.version),
        IN_WORDS[record.state],
        card.title,
        ", ".join([network, *card.architecture.classes]),
        str(card.training_set.patches or "unknown"),
        f"{record.published_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
    )
    return dict(zip(COLUMNS, map(shown, told), strict=True))


def _print_lines(rows: Iterable[Row], columns: Iterable[str]) -> None:
    names = list(columns)
    for row in rows:
        sys.stdout.write("\t".join(row[name] for name in names) + "\n")


def _table(rows: list[Row], columns: list[str]) -> Table:
    """Return a table in which the title alone may take more than a line."""
    table = Table(*(_column(name, rows) for name in columns))
    for row in rows:
        table.add_row(*(Text(row[name]) for name in columns))
    return table


def _column(name: str, rows: list[Row]) -> Column:
    if name == "title":
        return Column(name, overflow="fold")
    widest = max(map(cell_len, (name, *(row[name] for row in rows))))
    return Column(name, no_wrap=True, min_width=widest)


def _narrowest(console: Console, table: Table) -> int:
    """Return how many characters a table needs for its longest words."""
    return Measurement.get(console, console.options.update(width=WIDEST), table).minimum
