"""Opens a hub's database to be looked at: nothing is written, beside it neither."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError

from hub.database import MIGRATIONS
from hub.errors import NoHubError, OtherTablesError
from shared.sqlite_files import is_current

HAS_ONE = frozenset({"alembic_version", "centres", "versions"})
"""Tables of every hub's database, whatever its version."""


@contextmanager
def opened_for_reading(path: Path, *, of_any_version: bool = False) -> Iterator[Engine]:
    """Give an engine that can read a hub's database, which a hub may serve meanwhile.

    One that is broken is opened too: whoever reads it is told then.

    Args:
        of_any_version: Whether it may have the tables of an earlier version, or of a later one.

    Raises:
        NoHubError: There is no database, or that of something else.
        OtherTablesError: It may not, and another version of genshare made it.
    """
    if not path.is_file():
        raise NoHubError(f"{path.parent} is no hub's folder: there is no {path.name} in it")
    url = URL.create("sqlite", database=f"file:{quote(str(path.absolute()))}", query=_how(path))
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _refuse_writes)
    try:
        with suppress(DatabaseError), engine.connect() as connection:
            check_tables(connection, str(path), of_any_version=of_any_version)
        yield engine
    finally:
        engine.dispose()


def check_tables(connection: Connection, name: str, *, of_any_version: bool = False) -> None:
    """Check that a database is a hub's of this version.

    Args:
        name: What an error calls it.
        of_any_version: Whether it may be of another one.

    Raises:
        NoHubError: It is no hub's.
        OtherTablesError: Another version of genshare made it.
    """
    if not set(inspect(connection).get_table_names()) >= HAS_ONE:
        raise NoHubError(f"{name} is no hub's: it is empty, or the database of something else")
    if not of_any_version and not is_current(connection, MIGRATIONS):
        raise OtherTablesError(
            f"{name} was made by another version of genshare: it is neither checked nor changed"
        )


def _how(path: Path) -> dict[str, str]:
    """Return how SQLite opens a file so that nothing is left beside it.

    Where a log of writes lies there, a reader would merge it when it closes, unless it may only
    read; where none lies there, one who may only read would leave an empty one.
    """
    if path.with_name(f"{path.name}-wal").exists():
        return {"uri": "true", "mode": "ro"}
    return {"uri": "true", "mode": "rw"} if _may_write(path) else {"uri": "true", "immutable": "1"}


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _refuse_writes(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("busy_timeout=10000", "query_only=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
