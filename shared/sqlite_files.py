"""Opens a service's SQLite file and migrates it; the same for the hub and for a node."""

import logging
import multiprocessing
import re
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError

from shared.errors import CannotServeError
from shared.files import in_turn, is_full_disk

log = logging.getLogger(__name__)


def open_migrated(path: Path, *, migrations: str, apart: bool = False) -> Engine:
    """Return an engine on a migrated database, in WAL mode; the file is made if it is missing.

    Args:
        migrations: Alembic's script location, such as `hub:migrations`.
        apart: Whether a child process migrates, so that alembic does not stay in this one's
            memory, a tenth of a service's. Only for a process that has no threads yet.

    Raises:
        CannotServeError: The file is no database of this version, or cannot be used.
    """
    if apart:
        run_apart(_migrate_and_close, path, migrations)
    try:
        return _migrated(path, migrations, alone=False)
    except DatabaseError as error:
        if not _may_be_full(error):
            raise _cannot_open(path, error) from error
        first = error
    try:
        engine = _migrated(path, migrations, alone=True)
    except DatabaseError:
        raise _cannot_open(path, first) from first
    log.warning("no room beside the database %s: it is read by one at a time", path)
    return engine


def run_apart(work: Callable[..., None], *arguments: object) -> None:
    """Have a child process do something, and wait for its end; only while there are no threads."""
    child = multiprocessing.get_context("fork").Process(target=work, args=arguments)
    child.start()
    child.join()


def _migrate_and_close(path: Path, migrations: str) -> None:
    with suppress(DatabaseError, CannotServeError):  # the parent meets the same, and tells of it
        _migrated(path, migrations, alone=False).dispose()


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
    try:
        # To two that switch a file to WAL, SQLite says "locked" at once. The folder is locked, not
        # the file: closing a second descriptor of it would drop the locks that SQLite holds on it.
        with in_turn(path.parent):
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            with engine.begin() as connection:
                if not is_current(connection, migrations):
                    migrate(connection, migrations, path)
    except BaseException:
        engine.dispose()
        raise
    return engine


def is_current(connection: Connection, migrations: str) -> bool:
    """Tell whether the newest migration is in the database.

    The scripts are read as text: alembic is a tenth of a service's start and of its memory, and
    most starts find nothing to migrate.
    """
    if not inspect(connection).has_table("alembic_version"):
        return False
    package, _, folder = migrations.partition(":")
    scripts = [
        script.read_text(encoding="utf-8")
        for script in files(package).joinpath(folder, "versions").iterdir()
        if script.name.endswith(".py")
    ]
    revisions, replaced = (
        {found for script in scripts for found in re.findall(rf'^{name} = "(\w+)"$', script, re.M)}
        for name in ("revision", "down_revision")
    )
    applied = set(connection.scalars(text("SELECT version_num FROM alembic_version")))
    return applied == revisions - replaced


def migrate(connection: Connection, migrations: str, name: object) -> None:
    """Bring a database up to the newest migration.

    Args:
        name: What an error calls the database.

    Raises:
        CannotServeError: A newer version of genshare made it.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", migrations)
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise CannotServeError(f"cannot open the database {name}: {error}") from error


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
