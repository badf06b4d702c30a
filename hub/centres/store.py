"""Centres in the database."""

from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from hub.audit_log.events import Action, Event
from hub.audit_log.store import append
from hub.database import CentreRow
from hub.dialects import take_write_lock
from shared.access import Caller
from shared.preconditions import CheckDocument
from shared.records import Centre

NEW_KEY_WITHIN = timedelta(minutes=15)
"""After its token was made anew, a centre may register a key that none before hands over to."""

CENTRES = TypeAdapter(tuple[Centre, ...])


class CentreStore:
    """Reads and writes enrolled centres."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(
        self,
        name: str,
        token_sha256: str,
        *,
        now: datetime,
        replace: bool,
        by: Caller,
        check_centres: CheckDocument,
    ) -> bool:
        """Enrol a centre, or replace its token; False if it exists and must not be replaced.

        Args:
            by: Who asks for it, for the audit log.
            check_centres: Raises if the centres are not those that are meant.
        """
        with Session(self._engine) as session, session.begin():
            take_write_lock(session.connection())
            check_centres(lambda: as_json(_all(session)))
            row = session.get(CentreRow, name)
            if row is not None and not replace:
                return False
            is_centre = row is not None and row.removed_at is None
            if row is None:
                session.add(CentreRow(name=name, token_sha256=token_sha256, enrolled_at=now))
            else:
                row.token_sha256, row.removed_at = token_sha256, None
                row.new_key_until = now + NEW_KEY_WITHIN
            action = Action.TOKEN_RENEWED if is_centre else Action.CENTRE_ENROLLED
            told = Event.of(by, action, centre=name, token_digest=token_sha256)
            append(session, told, at=now)
            return True

    def remove(self, name: str, *, now: datetime, by: Caller) -> bool:
        """Note that a centre was removed, and by whom; False if it is not enrolled."""
        query = (
            update(CentreRow)
            .where(CentreRow.name == name, CentreRow.removed_at.is_(None))
            .values(removed_at=now)
            .returning(CentreRow.name)
        )
        with Session(self._engine) as session, session.begin():
            take_write_lock(session.connection())
            if session.scalar(query) is None:
                return False
            append(session, Event.of(by, Action.CENTRE_REMOVED, centre=name), at=now)
            return True

    def owner(self, token_sha256: str) -> str | None:
        """Return the centre that has this token and was not removed."""
        query = select(CentreRow.name).where(
            CentreRow.token_sha256 == token_sha256, CentreRow.removed_at.is_(None)
        )
        with Session(self._engine) as session:
            return session.scalar(query)

    def is_enrolled(self, name: str) -> bool:
        """Tell whether a centre is enrolled, and was not removed."""
        query = select(CentreRow.name).where(CentreRow.name == name, CentreRow.removed_at.is_(None))
        with Session(self._engine) as session:
            return session.scalar(query) is not None

    def all(self) -> tuple[Centre, ...]:
        """Return every centre by name."""
        with Session(self._engine) as session:
            return _all(session)


def as_json(centres: tuple[Centre, ...]) -> str:
    """Return centres as the hub lists them."""
    return CENTRES.dump_json(centres).decode()


def _all(session: Session) -> tuple[Centre, ...]:
    return tuple(map(_record, session.scalars(select(CentreRow).order_by(CentreRow.name))))


def _record(row: CentreRow) -> Centre:
    removed_at = row.removed_at and row.removed_at.replace(tzinfo=UTC)
    return Centre(
        name=row.name, enrolled_at=row.enrolled_at.replace(tzinfo=UTC), removed_at=removed_at
    )
