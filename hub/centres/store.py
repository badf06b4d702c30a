"""Centres in the database."""

from datetime import UTC, datetime

from pydantic import TypeAdapter
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from hub.database import CentreRow
from shared.preconditions import CheckDocument
from shared.records import Centre

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
        check_centres: CheckDocument,
    ) -> bool:
        """Enrol a centre, or replace its token; False if it exists and must not be replaced.

        Args:
            check_centres: Raises if the centres are not those that are meant.
        """
        with Session(self._engine) as session, session.begin():
            # Takes SQLite's write lock before the row is read.
            session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            check_centres(lambda: as_json(_all(session)))
            row = session.get(CentreRow, name)
            if row is None:
                session.add(CentreRow(name=name, token_sha256=token_sha256, enrolled_at=now))
            elif replace:
                row.token_sha256, row.removed_at = token_sha256, None
            return row is None or replace

    def remove(self, name: str, *, now: datetime) -> bool:
        """Note that a centre was removed; False if it is not enrolled."""
        query = (
            update(CentreRow)
            .where(CentreRow.name == name, CentreRow.removed_at.is_(None))
            .values(removed_at=now)
            .returning(CentreRow.name)
        )
        with Session(self._engine) as session, session.begin():
            return session.scalar(query) is not None

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
