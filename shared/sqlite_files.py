"""Opens a service's SQLite file and migrates it; the same for the hub and for a node."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError

from shared.errors import CannotServeError
from shared.files import in_turn


def open_migrated(path: Path, *, migrations: str) -> Engine:
    """Return an engine on a migrated database, in WAL mode; the file is made if it is missing.

    Args:
        migrations: Alembic's script location, such as `hub:migrations`.

    Raises:
        CannotServeError: The file is no database of this version, or cannot be used.
    """
    # An error names its parameters otherwise, a token among them, and errors are logged.
    engine = create_engine(URL.create("sqlite", database=str(path)), hide_parameters=True)
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
    except (DatabaseError, CommandError) as error:
        reason = error.orig if isinstance(error, DatabaseError) else error
        raise CannotServeError(f"cannot open the database {path}: {reason}") from error
    return engine


def _configure(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
