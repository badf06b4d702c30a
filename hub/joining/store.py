"""Join tokens in the database."""

from datetime import datetime

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from hub.audit_log.events import Action, Event
from hub.audit_log.store import append
from hub.database import JoinTokenRow
from hub.dialects import take_write_lock
from shared.access import Caller


class JoinTokenStore:
    """Reads and writes the tokens with which centres may join."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(
        self, centre: str, token_sha256: str, *, expires_at: datetime, by: Caller, now: datetime
    ) -> None:
        """Keep a centre's token; one that it had works no more."""
        row = JoinTokenRow(centre=centre, token_sha256=token_sha256, expires_at=expires_at)
        with Session(self._engine) as session, session.begin():
            take_write_lock(session.connection())
            session.merge(row)
            append(session, Event.of(by, Action.JOIN_TOKEN_MADE, centre=centre), at=now)

    def owner(self, token_sha256: str, *, now: datetime) -> str | None:
        """Return who may join with a token."""
        with Session(self._engine) as session:
            return session.scalar(
                select(JoinTokenRow.centre).where(
                    JoinTokenRow.token_sha256 == token_sha256, JoinTokenRow.expires_at > now
                )
            )

    def take(self, centre: str, *, now: datetime) -> bool:
        """Have a centre's token work no more; tell whether it did."""
        query = (
            delete(JoinTokenRow)
            .where(JoinTokenRow.centre == centre, JoinTokenRow.expires_at > now)
            .returning(JoinTokenRow.centre)
        )
        with Session(self._engine) as session, session.begin():
            return session.scalar(query) is not None
