"""How much a centre may have written into the log: what is never removed must not grow at will."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, select

from hub.audit_log.events import Action, Entry, Event
from hub.database import LogEntryRow
from shared.errors import TooOftenError

HOUR = timedelta(hours=1)
MOST_CHANGES_AN_HOUR = 5_000
BOUNDED_BY_THEMSELVES = frozenset({Action.FETCHED, Action.REFUSED})


def check_pace(connection: Connection, event: Event, *, at: datetime) -> None:
    """Check that a centre may change something more, as far as the log tells.

    Whoever runs the hub may always, and so may fetches and refusals, which have bounds of their
    own.

    Raises:
        TooOftenError: It changed too much within the last hour; nothing is changed then.
    """
    if event.caller.startswith("(") or event.action in BOUNDED_BY_THEMSELVES:
        return
    query = _bound(event.caller)
    if _seconds_left(connection.scalar(query), at) <= 0:  # most often, and read from an index
        return
    changes = query.where(LogEntryRow.action.not_in(BOUNDED_BY_THEMSELVES))
    seconds = _seconds_left(connection.scalar(changes), at)
    if seconds > 0:
        raise TooOftenError(
            f"{event.caller} changed {MOST_CHANGES_AN_HOUR} things within the last hour, as much "
            "as a centre may",
            seconds=seconds,
        )


def _bound(caller: str) -> Select[Any]:
    """Return the query for the entry before which a centre may have written no more this hour."""
    query = select(LogEntryRow.content).where(LogEntryRow.caller == caller)
    return query.order_by(LogEntryRow.number.desc()).limit(1).offset(MOST_CHANGES_AN_HOUR - 1)


def _seconds_left(content: str | None, now: datetime) -> float:
    """Return how long it is until an entry is an hour old; below 0 if it is, or there is none."""
    if content is None:
        return -1.0
    written = Entry.model_validate_json(content).at
    return (written + HOUR - now.replace(tzinfo=UTC)).total_seconds()
