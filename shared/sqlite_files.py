"""Opens a service's SQLite file and migrates it; the same for the hub and for a node."""

import logging
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError

from shared.errors import CannotServeError
from shared.files import in_turn, is_full_disk

log = logging.getLogger(__name__)


def open_migrated(path: Path, *, migrations: str) -> Engine:
    """Return an engine on a migrated database, in WAL mode; the file is made if it is missing.

    Args:
        migrations: Alembic's script location, such as `hub:migrations`.

    Raises:
        CannotServeError: The file is no database of this version, or cannot be used.
    """
    try:
        return _migrated(path, migrations, alone=False)
    except (DatabaseError, CommandError) as error:
        if not _may_be_full(error):
            raise _cannot_open(path, error) from error
        first = error
    try:
        engine = _migrated(path, migrations, alone=True)
    except (DatabaseError, CommandError):
        raise _cannot_open(path, first) from first
    log.warning("no room beside the database %s: it is read by one at a time", path)
    return engine


def _migrated(path: Path, migrations: str, *, alone: bool) -> Engine:
    """Open and migrate a file.

    Args:
        alone: Whether this process keeps all others out. Then SQLite needs no file of memory that
            processes share, for which a full disk has no room.
    """
    # An error names its parameters otherwise, a token among them, and errors are logged.
    options: dict[str, Any] = {"pool_size": 1, "max_overflow": 0} if alone else {}
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, hide_parameters=True, **options)
    if alone:
        event.listen(engine, "connect", _keep_others_out)
    event.listen(engine, "connect", _configure)
    config = Config()
    config.set_main_option("script_location", migrations)
    try:
        # To two that switch a file to WAL, SQLite says "locked" at once. The folder is locked, not
        # the file: closing a second descriptor of it would drop the locks that SQLite holds on it.
        with in_turn(path.parent):
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            with engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    except BaseException:
        engine.dispose()
        raise
    return engine


def _may_be_full(error: Exception) -> bool:
    # Of a file that it cannot make longer, SQLite says no more than "disk I/O error".
    return is_full_disk(error) or "disk I/O error" in str(error)


def _cannot_open(path: Path, error: Exception) -> CannotServeError:
    reason = error.orig if isinstance(error, DatabaseError) else error
    return CannotServeError(f"cannot open the database {path}: {reason}")


def _keep_others_out(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA locking_mode=EXCLUSIVE")
    cursor.close()


def _configure(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
