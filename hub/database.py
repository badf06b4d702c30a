"""The hub's tables, and how its SQLite database is opened and migrated."""

from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import DateTime, Engine, ForeignKey, String, UniqueConstraint, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.errors import CannotServeError


class Table(DeclarativeBase):
    """Base of the tables."""


class CentreRow(Table):
    """An enrolled centre; its token is kept as a SHA-256 only."""

    __tablename__ = "centres"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    enrolled_at: Mapped[datetime] = mapped_column(DateTime)


class VersionRow(Table):
    """A published version. `card` and `manifest` are their canonical JSON."""

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("centre", "name", "version"),
        UniqueConstraint("centre", "name", "manifest_digest"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre: Mapped[str] = mapped_column(ForeignKey("centres.name"))
    name: Mapped[str] = mapped_column(String(63))
    version: Mapped[int]
    manifest_digest: Mapped[str] = mapped_column(String(64))
    architecture: Mapped[str] = mapped_column(String(63))
    lesion_kinds: Mapped[str] = mapped_column(String(100))
    manifest: Mapped[str]
    card: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(DateTime)


def open_database(path: Path) -> Engine:
    """Return an engine on a migrated database.

    Raises:
        CannotServeError: The file is no database of this version of the hub, or cannot be used.
    """
    engine = create_engine(URL.create("sqlite", database=str(path)))
    event.listen(engine, "connect", _configure)
    migrations = Config()
    migrations.set_main_option("script_location", "hub:migrations")
    try:
        with engine.begin() as connection:
            # Two processes that open a new database at once migrate it one after the other.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            migrations.attributes["connection"] = connection
            command.upgrade(migrations, "head")
    except (DatabaseError, CommandError) as error:
        reason = error.orig if isinstance(error, DatabaseError) else error
        raise CannotServeError(f"cannot open the database {path}: {reason}") from error
    return engine


def _configure(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
