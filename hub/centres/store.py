"""Centres in the database."""

from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.database import CentreRow
from shared.records import Centre


class CentreStore:
    """Reads and writes enrolled centres."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, name: str, token_sha256: str, *, now: datetime, replace: bool) -> bool:
        """Enrol a centre, or replace its token; False if it exists and must not be replaced."""
        with Session(self._engine) as session, session.begin():
            # Takes SQLite's write lock before the row is read.
            session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            row = session.get(CentreRow, name)
            if row is None:
                session.add(CentreRow(name=name, token_sha256=token_sha256, enrolled_at=now))
            elif replace:
                row.token_sha256 = token_sha256
            return row is None or replace

    def owner(self, token_sha256: str) -> str | None:
        """Return the centre that has this token."""
        with Session(self._engine) as session:
            query = select(CentreRow.name).where(CentreRow.token_sha256 == token_sha256)
            return session.scalar(query)

    def all(self) -> tuple[Centre, ...]:
        """Return every centre by name."""
        with Session(self._engine) as session:
            rows = session.scalars(select(CentreRow).order_by(CentreRow.name))
            return tuple(Centre(name=row.name, enrolled_at=row.enrolled_at) for row in rows)
