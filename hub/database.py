"""The hub's tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    DateTime,
    Engine,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.sqlite_files import open_migrated
from shared.states import State

MIGRATIONS = "hub:migrations"


class Table(DeclarativeBase):
    """Base of the tables. Every number has 64 bits, as it has in SQLite anyway."""

    type_annotation_map: ClassVar = {int: BigInteger().with_variant(Integer(), "sqlite")}


class CentreRow(Table):
    """An enrolled centre; its token is kept as a SHA-256 only.

    Until `new_key_until` it may begin anew with a key that none before hands over to.
    """

    __tablename__ = "centres"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    enrolled_at: Mapped[datetime] = mapped_column(DateTime)
    removed_at: Mapped[datetime | None] = mapped_column(DateTime)
    new_key_until: Mapped[datetime | None] = mapped_column(DateTime)


class VersionRow(Table):
    """A published version. `card` and `manifest` are their canonical JSON, `title` the card's."""

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("centre", "name", "version"),
        UniqueConstraint("centre", "name", "manifest_digest"),
        Index("versions_by_centre", "centre", "id"),
        Index("versions_by_architecture", "architecture", "id"),
        Index("versions_by_centre_and_architecture", "centre", "architecture", "id"),
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
    title: Mapped[str | None]
    audit_statement: Mapped[str | None] = mapped_column(String(64))


class StatementRow(Table):
    """What a centre states of a version's audit, as canonical JSON; never changed.

    The version's `audit_statement` is its SHA-256.
    """

    __tablename__ = "audit_statements"

    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    content: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(DateTime)


class JoinTokenRow(Table):
    """With what a centre may join, once and until it ends; kept as a SHA-256 only."""

    __tablename__ = "join_tokens"

    centre: Mapped[str] = mapped_column(String(63), primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(DateTime)


class CentreKeyRow(Table):
    """A key that a centre signs with, as PEM; `rotation` is the bundle that hands over to it."""

    __tablename__ = "centre_keys"

    centre: Mapped[str] = mapped_column(ForeignKey("centres.name"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    public_key: Mapped[str]
    rotation: Mapped[str | None]
    registered_at: Mapped[datetime] = mapped_column(DateTime)


class SignatureRow(Table):
    """The bundle of what a centre signed of a version, exactly as it came, by kind."""

    __tablename__ = "signatures"

    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    content: Mapped[str]
    key_number: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(DateTime)


class StatusRow(Table):
    """The bundle of what a centre says of all its versions, as it came; the newest alone."""

    __tablename__ = "centre_statuses"

    centre: Mapped[str] = mapped_column(ForeignKey("centres.name"), primary_key=True)
    number: Mapped[int]
    content: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(DateTime)


class ReceiptRow(Table):
    """The bundle of what a receiver says that a version was worth to it, exactly as it came.

    `day` is the receipt's. A newer one gets a new number.
    """

    __tablename__ = "receipts"
    __table_args__ = (UniqueConstraint("version_id", "receiver"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    receiver: Mapped[str] = mapped_column(ForeignKey("centres.name"))
    day: Mapped[str] = mapped_column(String(10))
    content: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(DateTime)


class StateRow(Table):
    """What a version is now; a version without a row is approved, as all were once."""

    __tablename__ = "version_states"
    __table_args__ = (Index("versions_by_state", "state", "version_id"),)

    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    state: Mapped[State] = mapped_column(String(20))
    reason: Mapped[str | None]
    replacement: Mapped[str | None]


class StateChangeRow(Table):
    """What a version became, when and by whom; never changed. `replacement` is JSON."""

    __tablename__ = "state_changes"
    __table_args__ = (Index("changes_by_version", "version_id", "number"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    state: Mapped[State] = mapped_column(String(20))
    reason: Mapped[str | None]
    replacement: Mapped[str | None]
    changed_at: Mapped[datetime] = mapped_column(DateTime)
    changed_by: Mapped[str] = mapped_column(String(63))


class AliasChangeRow(Table):
    """Where an alias was pointed, when and by whom; never changed, and the last one holds."""

    __tablename__ = "alias_changes"
    __table_args__ = (Index("changes_by_alias", "centre", "name", "alias", "number"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    centre: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(63))
    alias: Mapped[str] = mapped_column(String(63))
    version: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(DateTime)
    changed_by: Mapped[str] = mapped_column(String(63))


class InspectedRow(Table):
    """A file that was found to hold the tensors of an architecture; its bytes never change.

    `architecture_sha256` is that of the architecture's canonical JSON.
    """

    __tablename__ = "inspected_files"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    architecture_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)


class VersionKindRow(Table):
    """A kind of lesions of a version, with whatever else versions are filtered by.

    Every filter has an index that is in the order of the list, so that none has to look at what
    it leaves out.
    """

    __tablename__ = "version_kinds"
    __table_args__ = (
        Index("kinds_of_all", "kind", "version_id"),
        Index("kinds_by_centre", "kind", "centre", "version_id"),
        Index("kinds_by_architecture", "kind", "architecture", "version_id"),
        Index("kinds_by_centre_and_architecture", "kind", "centre", "architecture", "version_id"),
    )

    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(63), primary_key=True)
    centre: Mapped[str] = mapped_column(String(63))
    architecture: Mapped[str] = mapped_column(String(63))


class StoredFileRow(Table):
    """An uploaded file, and the centre whose quota it counts for: who uploaded it first.

    `wanted_at` is when somebody last sent it or asked about it, where its place does not tell.
    """

    __tablename__ = "stored_files"
    __table_args__ = (Index("files_by_centre", "centre", "size_bytes"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    centre: Mapped[str] = mapped_column(String(63))
    size_bytes: Mapped[int]
    wanted_at: Mapped[datetime | None] = mapped_column(DateTime)


class LogEntryRow(Table):
    """An entry of the audit log; a trigger keeps it from being changed.

    `content` is its canonical JSON and `sha256` that text's; the other columns repeat what entries
    are found by, each with an index in the order of the list.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("log_by_action", "action", "number"),
        Index("log_by_caller", "caller", "number"),
        Index("log_by_centre", "centre", "number"),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(63))
    caller: Mapped[str] = mapped_column(String(63))
    centre: Mapped[str | None] = mapped_column(String(63))
    name: Mapped[str | None] = mapped_column(String(63))
    content: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))


class HubIdentityRow(Table):
    """By what files elsewhere know that they are this hub's; it stays with its database."""

    __tablename__ = "hub_identity"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)


def open_database(path: Path, *, apart: bool = False) -> Engine:
    """Return an engine on a migrated database.

    Args:
        apart: See `open_migrated`.

    Raises:
        CannotServeError: The file is no database of this version of the hub, or cannot be used.
    """
    return open_migrated(path, migrations=MIGRATIONS, apart=apart)


@contextmanager
def opened_database(path: Path) -> Iterator[Engine]:
    """Give an engine as `open_database` does, and close the file afterwards.

    Raises:
        CannotServeError: See there.
    """
    engine = open_database(path)
    try:
        yield engine
    finally:
        engine.dispose()
