"""Versions as they lie in the database: what was changed may be no text any more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from sqlalchemy import Connection, select

from hub.audit_log.chain import Version
from hub.audit_log.events import Entry
from hub.database import StatementRow, VersionKindRow, VersionRow
from hub.dialects import as_stored

ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version as it is stored; what is compared by its digest is bytes."""

    TEXTS: ClassVar = (
        "centre",
        "name",
        "manifest_digest",
        "architecture",
        "lesion_kinds",
        "title",
        "audit_statement",
        "published_at",
        "manifest",
        "card",
    )

    id: int
    version: int
    centre: str
    name: str
    manifest_digest: str
    architecture: str
    lesion_kinds: str
    title: str
    audit_statement: str | None
    published_at: str
    manifest: bytes
    card: bytes
    content: bytes | None
    received_at: bytes | None

    @classmethod
    def of(cls, row: Sequence[Any]) -> Self:
        """Read a row; what is no text any more is shown as such, and equals nothing."""
        numbers, texts, whole = row[:2], row[2:10], row[10:]
        read = [text if text is None else text.decode(errors="replace") for text in texts]
        return cls(*numbers, *read, *whole)

    @property
    def about(self) -> Version:
        """Centre, name and number."""
        return self.centre, self.name, self.version

    def is_after(self, first: Entry | None) -> bool:
        """Tell whether the log had its first entry when this was published, as far as is known."""
        return is_after(self.published_at, first)


def stored_versions(connection: Connection) -> Iterator[StoredVersion]:
    """Yield every version with its statement's text, if it has one."""
    texts = (as_stored(getattr(VersionRow, name)) for name in StoredVersion.TEXTS)
    query = (
        select(
            VersionRow.id,
            VersionRow.version,
            *texts,
            as_stored(StatementRow.content),
            as_stored(StatementRow.received_at),
        )
        .outerjoin(StatementRow, StatementRow.version_id == VersionRow.id)
        .order_by(VersionRow.id)
    )
    for row in connection.execute(query).yield_per(ROWS_AT_ONCE):
        yield StoredVersion.of(row)


def kinds_of(connection: Connection, version_id: int) -> set[bytes]:
    """Return the kinds of lesions by which a version is found."""
    kind = as_stored(VersionKindRow.kind)
    query = select(kind).where(VersionKindRow.version_id == version_id)
    return set(connection.scalars(query))


def time_of(stored: str | bytes | None) -> datetime | None:
    """Return a stored time, None where it is no time any more."""
    text = stored.decode(errors="replace") if isinstance(stored, bytes) else stored
    try:
        return datetime.fromisoformat(text or "").replace(tzinfo=UTC)
    except ValueError:
        return None


def is_after(stored: str | bytes | None, first: Entry | None) -> bool:
    """Tell whether the log had its first entry at a stored time, as far as is known."""
    at = time_of(stored)
    return first is not None and (at is None or at >= first.at)


def time_faults(what: str, stored: str | bytes | None, told: datetime) -> Iterator[str]:
    """Yield that a stored time is not the one that the log tells."""
    found = time_of(stored)
    if found != told:
        yield f"{what} at {found or 'no time'}, and the log tells of {told}"
