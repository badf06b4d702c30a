"""The hub's tables."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import DateTime, Engine, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.sqlite_files import open_migrated


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


class InspectedRow(Table):
    """A file that was found to hold the tensors of an architecture; its bytes never change.

    `architecture_sha256` is that of the architecture's canonical JSON.
    """

    __tablename__ = "inspected_files"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    architecture_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)


def open_database(path: Path) -> Engine:
    """Return an engine on a migrated database.

    Raises:
        CannotServeError: The file is no database of this version of the hub, or cannot be used.
    """
    return open_migrated(path, migrations="hub:migrations")
