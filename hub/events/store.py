"""The audit log, read forward."""

from sqlalchemy import Engine, func, select

from hub.audit_log.events import Action, Entry
from hub.database import LogEntryRow

LOOKED_AT = 10_000
"""Entries that one reading passes over at most."""


class EventStore:
    """Reads entries of some actions in their order."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def after(
        self, number: int, *, actions: frozenset[Action], most: int
    ) -> tuple[tuple[Entry, ...], int, int]:
        """Return the entries after a number, up to which number was looked, and the newest one."""
        with self._engine.connect() as connection:
            newest = connection.scalar(select(func.max(LogEntryRow.number))) or 0
            end = min(newest, number + LOOKED_AT)
            query = (
                select(LogEntryRow.content)
                .where(LogEntryRow.number > number, LogEntryRow.number <= end)
                .where(LogEntryRow.action.in_(actions))
                .order_by(LogEntryRow.number)
                .limit(most)
            )
            contents = connection.scalars(query).all()
        found = tuple(map(Entry.model_validate_json, contents))
        return found, found[-1].number if len(found) == most else end, newest
