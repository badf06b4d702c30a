"""Reads in the log who fetched a centre's generators."""

from datetime import datetime

from sqlalchemy import ColumnElement, Engine, Select, SQLColumnExpression, func, select
from sqlalchemy.orm import aliased

from hub.audit_log.events import Action
from hub.database import LogEntryRow
from hub.errors import ForeignCentreError
from shared.access import Caller, Role
from shared.records import MOST_FETCHES, CentreFetches, Fetched


class Fetchers:
    """Who fetched which versions; addresses stay in the log."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_centre(self, centre: str, *, caller: Caller) -> CentreFetches:
        """Return who fetched a centre's generators, the latest first.

        Raises:
            ForeignCentreError: `caller` is another centre.
        """
        if caller.role is Role.CENTRE and caller.name != centre:
            raise ForeignCentreError(f"{caller.name} cannot see who fetched what {centre} shares")
        with self._engine.connect() as connection:
            rows = connection.execute(_fetches(centre).limit(MOST_FETCHES + 1)).all()
        items = tuple(_fetched(*row) for row in rows[:MOST_FETCHES])
        return CentreFetches(items=items, more=len(rows) > MOST_FETCHES)


def _fetches(centre: str) -> Select[str, int, str, str, str]:
    """Return name, version, caller, and the times of the first and the last entry."""
    version = _said(LogEntryRow.content, "version").label("version")
    pairs = (
        select(
            LogEntryRow.name,
            version,
            LogEntryRow.caller,
            func.min(LogEntryRow.number).label("first"),
            func.max(LogEntryRow.number).label("last"),
        )
        .where(LogEntryRow.centre == centre, LogEntryRow.action == Action.FETCHED)
        .group_by(LogEntryRow.name, version, LogEntryRow.caller)
        .subquery()
    )
    first, last = aliased(LogEntryRow), aliased(LogEntryRow)
    times = (_said(first.content, "at"), _said(last.content, "at"))
    return (
        select(pairs.c.name, pairs.c.version, pairs.c.caller, *times)
        .join(first, first.number == pairs.c.first)
        .join(last, last.number == pairs.c.last)
        .order_by(pairs.c.last.desc())
    )


def _said(content: SQLColumnExpression[str], field: str) -> ColumnElement[str]:
    return func.json_extract(content, f"$.{field}")


def _fetched(name: str, version: int, by: str, first_at: str, last_at: str) -> Fetched:
    return Fetched(
        name=name,
        version=version,
        by=by,
        first_at=datetime.fromisoformat(first_at),
        last_at=datetime.fromisoformat(last_at),
    )
