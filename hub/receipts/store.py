"""Utility receipts in the database."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, func, select
from sqlalchemy.orm import Session

from hub.audit_log.events import Action, Event
from hub.audit_log.store import append
from hub.database import ReceiptRow, StateRow, VersionRow
from hub.dialects import take_write_lock
from hub.life_cycle.store import seen_by
from shared.access import Caller
from shared.receipts import MOST_OF_A_VERSION, KeptReceipt, ReceiptPage, UtilityReceipt
from shared.records import GeneratorVersion
from shared.states import APPROVED, SERVED
from signing.bundles import read_bundle
from signing.receipts import unchecked_receipt


class ReceiptStore:
    """Reads and adds receipts: one of each receiver for each version, the newest."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(
        self,
        record: GeneratorVersion,
        receipt: UtilityReceipt,
        content: str,
        *,
        by: Caller,
        now: datetime,
    ) -> tuple[str, bool]:
        """Keep a receipt in place of the receiver's one of that day or an earlier one.

        Returns:
            The bundle that is there then, and whether it is new.
        """
        with Session(self._engine) as session, session.begin():
            take_write_lock(session.connection())
            row = session.scalar(_of(record, receipt.receiver))
            if row is not None and (row.content == content or row.day > receipt.day):
                return row.content, False
            if row is not None:
                session.delete(row)
                session.flush()
            version_id = session.scalars(select(VersionRow.id).where(*_is(record))).one()
            new = ReceiptRow(
                version_id=version_id,
                receiver=receipt.receiver,
                day=receipt.day,
                content=content,
                received_at=now,
            )
            session.add(new)
            append(session, _added(receipt, content, by), at=now)
            return content, True

    def find(self, record: GeneratorVersion, receiver: str) -> str | None:
        """Return what a receiver said of a version, as it came; None: nothing."""
        with Session(self._engine) as session:
            row = session.scalar(_of(record, receiver))
            return None if row is None else row.content

    def of_version(self, record: GeneratorVersion) -> tuple[KeptReceipt, ...]:
        """Return what all receivers said of a version, newest first."""
        query = _rows().where(*_is(record)).limit(MOST_OF_A_VERSION)
        with Session(self._engine) as session:
            return _kept(session.scalars(query).all())

    def page(self, caller: Caller, *, cursor: int | None, limit: int) -> ReceiptPage:
        """Return what receivers said of versions in use that a caller may see, newest first.

        Args:
            cursor: Where the page before ended.
        """
        in_use = func.coalesce(StateRow.state, APPROVED).in_(SERVED)
        query = _rows().outerjoin(StateRow, StateRow.version_id == VersionRow.id)
        query = query.where(in_use, seen_by(caller)).limit(limit + 1)
        if cursor is not None:
            query = query.where(ReceiptRow.number < cursor)
        with Session(self._engine) as session:
            rows = session.scalars(query).all()
        following = rows[limit - 1].number if len(rows) > limit else None
        return ReceiptPage(items=_kept(rows[:limit]), next_cursor=following)


def _rows() -> Select[Any]:
    query = select(ReceiptRow).join(VersionRow, VersionRow.id == ReceiptRow.version_id)
    return query.order_by(ReceiptRow.number.desc())


def _of(record: GeneratorVersion, receiver: str) -> Select[Any]:
    return _rows().where(*_is(record), ReceiptRow.receiver == receiver)


def _is(record: GeneratorVersion) -> tuple[ColumnElement[bool], ...]:
    return (
        VersionRow.centre == record.centre,
        VersionRow.name == record.name,
        VersionRow.version == record.version,
    )


def _added(receipt: UtilityReceipt, content: str, by: Caller) -> Event:
    return Event.of(
        by,
        Action.RECEIPT_ADDED,
        centre=receipt.donor,
        name=receipt.name,
        version=receipt.version,
        subject=hashlib.sha256(content.encode()).hexdigest(),
        receiver=receipt.receiver,
        verdict=receipt.verdict,
    )


def _kept(rows: Sequence[ReceiptRow]) -> tuple[KeptReceipt, ...]:
    bundles = [read_bundle(row.content.encode()) for row in rows]
    return tuple(
        KeptReceipt(
            receipt=unchecked_receipt(bundle),
            signed_with=bundle.signer,
            received_at=row.received_at.replace(tzinfo=UTC),
        )
        for row, bundle in zip(rows, bundles, strict=True)
    )
