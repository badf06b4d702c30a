"""Copies a hub's tables from one database to another, whichever they are."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, insert, select, text
from sqlalchemy.exc import DatabaseError

import hub.database
import web_pages.schema
from hub.database import CentreRow, HubIdentityRow, LogEntryRow, VersionRow, opened_database
from hub.dialects import POSTGRES, read_at_one_moment, take_write_lock
from hub.errors import HubChangedError, HubNotKeptError

IDENTITY = HubIdentityRow.__tablename__
ROWS_AT_ONCE = 1_000
BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def copy_to_file(engine: Engine, path: Path, *, name: str) -> None:
    """Copy a database, as it is at one moment, to a new file of SQLite.

    The same content makes the same bytes.

    Args:
        name: What an error calls the database.

    Raises:
        HubChangedError: It cannot be read.
    """
    if engine.dialect.name == POSTGRES:
        filled = path.with_name(f"filled-{path.name}")
        with opened_database(filled) as copy:
            copy_tables(engine, copy, name=str(filled))
            _copy_file(copy, path, name)
    else:
        _copy_file(engine, path, name)


def copy_tables(source: Engine, target: Engine, *, name: str) -> None:
    """Copy every row, as they are at one moment, to tables that are there and empty.

    Args:
        name: What an error calls the target.

    Raises:
        HubNotKeptError: Something is in the tables; nothing is changed then.
    """
    with source.connect() as read, target.begin() as written:
        read_at_one_moment(read)
        take_write_lock(written)
        check_empty(written, name)
        for table in _tables():
            _copy_rows(table, read, written)
            if written.dialect.name == POSTGRES:
                _count_on(table, written)


def _copy_file(engine: Engine, path: Path, name: str) -> None:
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only=OFF")  # it counts the copy as a change
            connection.exec_driver_sql("VACUUM INTO ?", (str(path),))
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", None) not in BROKEN:
            raise
        raise HubChangedError(f"{name} cannot be read: {error.orig}") from error
    with closing(sqlite3.connect(path)) as copied, copied:
        copied.execute("PRAGMA schema_version = 1")  # or it would count the copies


def _tables() -> Iterator[Table]:
    """Yield every table after those that it refers to, but what tells a hub from its copy."""
    for whole in (hub.database.Table.metadata, web_pages.schema.METADATA):
        yield from (table for table in whole.sorted_tables if table.name != IDENTITY)


def check_empty(connection: Connection, name: str) -> None:
    """Check that a database has a hub's tables with nothing in them.

    Raises:
        HubNotKeptError: Something is in them.
    """
    for row in (CentreRow, VersionRow, LogEntryRow):
        if connection.execute(select(row).limit(1)).first() is not None:
            raise HubNotKeptError(
                f"{name} holds a hub already", hint="Name a database that holds nothing yet."
            )


def _copy_rows(table: Table, read: Connection, written: Connection) -> None:
    found = read.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table))
    for rows in found.mappings().partitions():
        written.execute(insert(table), [dict(row) for row in rows])


def _count_on(table: Table, written: Connection) -> None:
    """Have PostgreSQL give the next row a number of its own, where it gives them."""
    for column in table.primary_key:
        names = {"table": table.name, "column": column.name}
        counter = "pg_get_serial_sequence(:table, :column)"
        if written.scalar(text(f"SELECT {counter}"), names) is not None:
            last = f"(SELECT max({column.name}) FROM {table.name})"  # noqa: S608 (our own names)
            count = f"SELECT setval({counter}, coalesce({last}, 1), {last} IS NOT NULL)"
            written.execute(text(count), names)
