"""States of versions in the database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Engine, Select, exists, or_, select, true
from sqlalchemy.orm import Session, load_only

from hub.audit_log.events import Action, Event
from hub.audit_log.store import append
from hub.database import StateChangeRow, StateRow, VersionRow
from hub.dialects import take_write_lock
from shared.access import Caller, Role
from shared.canonical import canonical_json
from shared.preconditions import CheckDocument, unconditional
from shared.states import (
    APPROVED,
    MOST_CHANGES_TOLD,
    PRIVATE,
    Replacement,
    State,
    StateChange,
    StateWanted,
    VersionState,
)

NAMED = (VersionRow.centre, VersionRow.name, VersionRow.version, VersionRow.manifest_digest)
CheckState = Callable[[State], None]
"""Raises if what a version is now cannot become what is wanted."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which version of which generator."""

    centre: str
    name: str
    version: int

    def __str__(self) -> str:
        return f"version {self.version} of {self.centre}/{self.name}"


class StateStore:
    """Reads and changes states; every change is kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, place: Place) -> VersionState | None:
        """Return a version's state with its last changes; None if there is no such version."""
        with Session(self._engine) as session:
            row = _version(session, place)
            return None if row is None else _told(session, row)

    def all(self, centre: str, name: str, caller: Caller) -> tuple[VersionState, ...]:
        """Return what a generator's versions are that the caller may see, newest first."""
        query = (
            select(VersionRow)
            .options(load_only(*NAMED))
            .where(VersionRow.centre == centre, VersionRow.name == name, seen_by(caller))
            .order_by(VersionRow.version.desc())
        )
        with Session(self._engine) as session:
            current = {row.version_id: row for row in session.scalars(_states(centre, name))}
            return tuple(_now(row, current.get(row.id)) for row in session.scalars(query))

    def change(
        self,
        place: Place,
        wanted: StateWanted,
        *,
        by: Caller,
        now: datetime,
        check: CheckState,
        check_document: CheckDocument = unconditional,
    ) -> VersionState:
        """Change the state of a version that is there.

        Args:
            check: Raises if the version cannot become that; called in the step that changes it.
            check_document: Raises if its state is not the one that is meant; called there too.
        """
        with Session(self._engine) as session, session.begin():
            take_write_lock(session.connection())
            row = _version(session, place)
            assert row is not None, "the service has found it, and no version is ever removed"
            told = _told(session, row)
            check_document(canonical_json(told).decode)
            check(told.state)
            put_state(session, row, wanted, by=by, now=now)
            session.flush()
            return _told(session, row)


def put_state(
    session: Session, row: VersionRow, wanted: StateWanted, *, by: Caller, now: datetime
) -> None:
    """Write what a version becomes, in the transaction of what makes it so."""
    replacement, before = wanted.replacement, session.get(StateRow, row.id)
    append(session, _changed(row, wanted, APPROVED if before is None else before.state, by), at=now)
    said = {
        "version_id": row.id,
        "state": wanted.state,
        "reason": wanted.reason,
        "replacement": None if replacement is None else canonical_json(replacement).decode(),
    }
    session.merge(StateRow(**said))
    session.add(StateChangeRow(**said, changed_at=now, changed_by=by.name))


def _changed(row: VersionRow, wanted: StateWanted, before: State, by: Caller) -> Event:
    other = wanted.replacement
    return Event.of(
        by,
        Action.STATE_CHANGED,
        centre=row.centre,
        name=row.name,
        version=row.version,
        subject=row.manifest_digest,
        before=before,
        state=wanted.state,
        **({} if wanted.reason is None else {"reason": wanted.reason}),
        **({} if other is None else {"replacement": str(other)}),
    )


def seen_by(caller: Caller) -> ColumnElement[bool]:
    """Choose the versions that a caller may know of."""
    of_version = (StateRow.version_id == VersionRow.id, StateRow.state.in_(PRIVATE))
    private = exists().where(*of_version).correlate(VersionRow)  # a query may join states too
    if caller.role is Role.ADMINISTRATOR:
        return true()
    return or_(VersionRow.centre == caller.name, ~private)


def _version(session: Session, place: Place) -> VersionRow | None:
    return session.scalar(
        select(VersionRow).where(
            VersionRow.centre == place.centre,
            VersionRow.name == place.name,
            VersionRow.version == place.version,
        )
    )


def _told(session: Session, row: VersionRow) -> VersionState:
    changes = session.scalars(
        select(StateChangeRow)
        .where(StateChangeRow.version_id == row.id)
        .order_by(StateChangeRow.number.desc())
        .limit(MOST_CHANGES_TOLD)
    )
    history = tuple(map(_change, changes))
    return _now(row, session.get(StateRow, row.id)).model_copy(update={"history": history})


def _now(row: VersionRow, current: StateRow | None) -> VersionState:
    """Return what a version is, without how it came to it."""
    return VersionState(
        centre=row.centre,
        name=row.name,
        version=row.version,
        manifest_digest=row.manifest_digest,
        state=APPROVED if current is None else current.state,
        reason=None if current is None else current.reason,
        replacement=None if current is None else _replacement(current.replacement),
    )


def _states(centre: str, name: str) -> Select[StateRow]:
    query = select(StateRow).join(VersionRow, VersionRow.id == StateRow.version_id)
    return query.where(VersionRow.centre == centre, VersionRow.name == name)


def _change(row: StateChangeRow) -> StateChange:
    return StateChange(
        state=row.state,
        reason=row.reason,
        replacement=_replacement(row.replacement),
        changed_at=row.changed_at.replace(tzinfo=UTC),
        changed_by=row.changed_by,
    )


def _replacement(text: str | None) -> Replacement | None:
    return None if text is None else Replacement.model_validate_json(text)
