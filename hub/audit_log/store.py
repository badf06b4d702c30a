"""The audit log in the database: entries are added, and never changed."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, Select, select
from sqlalchemy.orm import Session

from hub.audit_log.events import NOTHING_BEFORE, Action, Entry, Event, entry
from hub.audit_log.pace import check_pace
from hub.database import LogEntryRow
from hub.dialects import take_write_lock
from shared.canonical import canonical_json
from shared.records import LogHead


def append(session: Session, event: Event, *, at: datetime) -> Entry:
    """Write down what happened, in the transaction of what it tells.

    Both are there then, or neither. The write lock is taken if the transaction has not got it, so
    that of two who append at once the second sees the entry of the first.

    Args:
        at: Now, in UTC.

    Raises:
        TooOftenError: The centre changed too much within the last hour.
    """
    session.flush()
    connection = session.connection()
    take_write_lock(connection)
    check_pace(connection, event, at=at)
    head = _head(connection)
    told = entry(
        event,
        number=head.number + 1,
        at=at.replace(tzinfo=UTC),
        previous_sha256=head.sha256,
    )
    session.add(_row(told))
    session.flush()
    return told


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which entries to list; None does not filter."""

    action: Action | None = None
    caller: str | None = None
    centre: str | None = None
    name: str | None = None


class LogStore:
    """Reads the log, and writes what is told by itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def tell(self, event: Event, *, at: datetime) -> None:
        """Write an entry in a transaction of its own."""
        with Session(self._engine) as session, session.begin():
            append(session, event, at=at)

    def head(self) -> LogHead:
        """Return the newest entry's number and SHA-256; number 0 where there is none."""
        with self._engine.connect() as connection:
            return _head(connection)

    def digest(self, number: int) -> LogHead | None:
        """Return an entry's SHA-256, None if there is no such entry."""
        query = select(LogEntryRow.sha256).where(LogEntryRow.number == number)
        with self._engine.connect() as connection:
            sha256 = connection.scalar(query)
        return None if sha256 is None else LogHead(number=number, sha256=sha256)

    def page(self, wanted: LogFilter, *, cursor: int | None, limit: int) -> tuple[str, int | None]:
        """Return entries, newest first, that are older than `cursor`.

        Returns:
            The JSON of the page, and its next cursor.
        """
        query = _listed(wanted, cursor).limit(limit + 1)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        items = ",".join(
            f'{{"entry":{row.content},"sha256":"{row.sha256}"}}' for row in rows[:limit]
        )
        following = rows[limit - 1].number if len(rows) > limit else None
        return f'{{"items":[{items}],"next_cursor":{following or "null"}}}', following


def _head(connection: Connection) -> LogHead:
    query = select(LogEntryRow.number, LogEntryRow.sha256).order_by(LogEntryRow.number.desc())
    row = connection.execute(query.limit(1)).one_or_none()
    number, sha256 = (0, NOTHING_BEFORE) if row is None else row
    return LogHead(number=number, sha256=sha256)


def _listed(wanted: LogFilter, cursor: int | None) -> Select[int, str, str]:
    query = select(LogEntryRow.number, LogEntryRow.content, LogEntryRow.sha256)
    for column, value in (
        (LogEntryRow.action, wanted.action),
        (LogEntryRow.caller, wanted.caller),
        (LogEntryRow.centre, wanted.centre),
        (LogEntryRow.name, wanted.name),
    ):
        if value is not None:
            query = query.where(column == value)
    if cursor is not None:
        query = query.where(LogEntryRow.number < cursor)
    return query.order_by(LogEntryRow.number.desc())


def _row(told: Entry) -> LogEntryRow:
    content = canonical_json(told)
    return LogEntryRow(
        number=told.number,
        action=told.action,
        caller=told.caller,
        centre=told.centre,
        name=told.name,
        content=content.decode(),
        sha256=hashlib.sha256(content).hexdigest(),
    )
