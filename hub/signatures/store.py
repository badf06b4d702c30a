"""Keys and signatures in the database."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Engine, select
from sqlalchemy.orm import Session

from hub.audit_log.events import Action, Event
from hub.audit_log.store import append
from hub.database import CentreKeyRow, CentreRow, SignatureRow, StatusRow, VersionRow
from hub.dialects import take_write_lock
from hub.life_cycle.approval import Candidate
from shared.access import Caller
from shared.records import CentreKey, GeneratorVersion


class SignatureStore:
    """Reads and adds keys and signatures."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lacks(self, candidate: Candidate) -> str | None:
        """Say that a version's centre has not signed it; a rule of the hub's approval."""
        is_signed = self.find(candidate.record, "package") is not None
        return None if is_signed else "its centre has not signed it"

    def keys(self, centre: str) -> tuple[CentreKey, ...] | None:
        """Return a centre's keys, the newest last; None if there is no such centre."""
        with Session(self._engine) as session:
            if session.get(CentreRow, centre) is None:
                return None
            return _keys(session, centre)

    def add_key(
        self,
        centre: str,
        fingerprint: str,
        public_key: str,
        rotation: str | None,
        *,
        by: Caller,
        check: Callable[[tuple[CentreKey, ...], bool], None],
        now: datetime,
    ) -> tuple[CentreKey, bool]:
        """Add a centre's next key, or return the one that is there.

        Args:
            check: Raises unless the key may follow those that there are; is told too whether the
                centre may begin anew.

        Returns:
            The key, and whether it is new.
        """
        with Session(self._engine) as session, session.begin():
            take_write_lock(session.connection())
            owner = session.get_one(CentreRow, centre)
            keys = _keys(session, centre)
            until, owner.new_key_until = owner.new_key_until, None
            if keys and keys[-1].public_key == public_key:
                return keys[-1], False
            check(keys, until is not None and now <= until)
            row = CentreKeyRow(
                centre=centre,
                number=len(keys) + 1,
                fingerprint=fingerprint,
                public_key=public_key,
                rotation=rotation,
                registered_at=now,
            )
            session.add(row)
            told = Event.of(
                by, Action.KEY_REGISTERED, centre=centre, subject=fingerprint, number=row.number
            )
            append(session, told, at=now)
            return _key(row), True

    def put(
        self,
        record: GeneratorVersion,
        kind: str,
        content: str,
        *,
        key_number: int,
        by: Caller,
        now: datetime,
    ) -> tuple[str, bool]:
        """Keep a signature of a version, unless one of the same key or a newer one is there.

        Returns:
            The signature that is there then, and whether it is new.
        """
        with Session(self._engine) as session, session.begin():
            take_write_lock(session.connection())
            version_id = session.scalars(select(VersionRow.id).where(*_is(record))).one()
            row = session.get(SignatureRow, (version_id, kind))
            if row is not None and row.key_number >= key_number:
                return row.content, False
            new = SignatureRow(
                version_id=version_id,
                kind=kind,
                content=content,
                key_number=key_number,
                received_at=now,
            )
            session.merge(new)
            append(session, _signed(record, kind, content, by), at=now)
            return content, True

    def find(self, record: GeneratorVersion, kind: str) -> str | None:
        """Return a signature of a version, None if there is none."""
        query = select(SignatureRow.content).join(
            VersionRow, VersionRow.id == SignatureRow.version_id
        )
        with Session(self._engine) as session:
            return session.scalar(query.where(*_is(record), SignatureRow.kind == kind))

    def put_status(
        self, centre: str, number: int, content: str, *, by: Caller, now: datetime
    ) -> tuple[str, bool]:
        """Keep a centre's status, unless one of that number or a newer one is there.

        Returns:
            The status that is there then, and whether it is new.
        """
        with Session(self._engine) as session, session.begin():
            take_write_lock(session.connection())
            row = session.get(StatusRow, centre)
            if row is not None and row.number >= number:
                return row.content, False
            session.merge(StatusRow(centre=centre, number=number, content=content, received_at=now))
            subject = hashlib.sha256(content.encode()).hexdigest()
            event = Event.of(
                by, Action.STATUS_SIGNED, centre=centre, subject=subject, number=number
            )
            append(session, event, at=now)
            return content, True

    def status(self, centre: str) -> str | None:
        """Return a centre's status, None if there is none."""
        with Session(self._engine) as session:
            row = session.get(StatusRow, centre)
            return None if row is None else row.content


def _is(record: GeneratorVersion) -> tuple[ColumnElement[bool], ...]:
    return (
        VersionRow.centre == record.centre,
        VersionRow.name == record.name,
        VersionRow.version == record.version,
    )


def _signed(record: GeneratorVersion, kind: str, content: str, by: Caller) -> Event:
    return Event.of(
        by,
        Action.SIGNED,
        centre=record.centre,
        name=record.name,
        version=record.version,
        subject=hashlib.sha256(content.encode()).hexdigest(),
        kind=kind,
    )


def _keys(session: Session, centre: str) -> tuple[CentreKey, ...]:
    query = select(CentreKeyRow).where(CentreKeyRow.centre == centre)
    return tuple(map(_key, session.scalars(query.order_by(CentreKeyRow.number))))


def _key(row: CentreKeyRow) -> CentreKey:
    return CentreKey(
        number=row.number,
        public_key=row.public_key,
        registered_at=row.registered_at.replace(tzinfo=UTC),
        rotation=row.rotation,
    )
