"""Checks keys and signatures as they lie in the database, beside what the log tells of them."""

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, select

from hub.audit_log.chain import Chain, Fault, Told
from hub.audit_log.events import Action
from hub.audit_log.stored_versions import time_faults
from hub.database import CentreKeyRow, ReceiptRow, SignatureRow, StatementRow, StatusRow, VersionRow
from hub.dialects import as_stored
from shared.packages import Manifest
from shared.statements import AuditStatement
from signing.bundles import read_bundle
from signing.errors import SignatureRefusedError, SigningError
from signing.keys import PublicKey, read_public_key
from signing.packages import check_audit, check_package
from signing.receipts import check_receipt
from signing.statuses import read_status
from signing.withdrawals import check_withdrawal

CHECKED = frozenset(
    {Action.KEY_REGISTERED, Action.SIGNED, Action.STATUS_SIGNED, Action.RECEIPT_ADDED}
)
KeysOf = dict[str, dict[str, PublicKey]]
"""By centre and fingerprint."""


class SignatureChecks:
    """Checks what centres signed.

    Attributes:
        signatures: How many there are.
    """

    def __init__(self, connection: Connection, chain: Chain) -> None:
        self._connection = connection
        self._chain = chain
        self._keys: KeysOf = {}
        self._unseen = {told for told in chain.latest if told.action in CHECKED}
        self.signatures = 0

    def check(self) -> Iterator[Fault]:
        """Yield what is wrong with keys, signatures, statuses and receipts."""
        yield from self._key_faults()
        yield from self._signature_faults()
        yield from self._status_faults()
        yield from self._receipt_faults()
        for told in sorted(self._unseen):
            yield Fault(place=_place(told), what="missing; the log tells of it")

    def _key_faults(self) -> Iterator[Fault]:
        texts = (CentreKeyRow.fingerprint, CentreKeyRow.public_key, CentreKeyRow.registered_at)
        columns = map(as_stored, texts)
        query = select(CentreKeyRow.centre, CentreKeyRow.number, *columns)
        for centre, number, fingerprint, pem, at in self._connection.execute(query):
            told = Told(Action.KEY_REGISTERED, centre=centre, part=str(number))
            try:
                key = read_public_key(pem.decode())
            except (SigningError, ValueError):
                yield Fault(place=_place(told), what="it is no key any more")
                self._unseen.discard(told)
                continue
            self._keys.setdefault(centre, {})[key.fingerprint] = key
            if key.fingerprint.encode() != fingerprint:
                yield Fault(place=_place(told), what="it has another fingerprint than is noted")
            yield from self._compare(told, key.fingerprint, at)

    def _signature_faults(self) -> Iterator[Fault]:
        for row in self._connection.execute(_signatures()):
            self.signatures += 1
            told = Told(Action.SIGNED, row.centre, row.name, row.version, row.kind)
            yield from self._checked(told, row, partial(_check, row))

    def _status_faults(self) -> Iterator[Fault]:
        query = select(
            StatusRow.centre,
            as_stored(StatusRow.content).label("signed"),
            as_stored(StatusRow.received_at).label("received_at"),
        )
        for row in self._connection.execute(query):
            self.signatures += 1
            told = Told(Action.STATUS_SIGNED, centre=row.centre)
            check = partial(read_status, row.signed, centre=row.centre)
            yield from self._checked(told, row, check)

    def _receipt_faults(self) -> Iterator[Fault]:
        for row in self._connection.execute(_receipts()):
            self.signatures += 1
            told = Told(Action.RECEIPT_ADDED, row.centre, row.name, row.version, row.receiver)
            check = partial(_check_receipt, row)
            yield from self._checked(told, row, check, by=row.receiver)

    def _checked(
        self, told: Told, row: Any, check: Callable[[PublicKey], object], *, by: str = ""
    ) -> Iterator[Fault]:
        """Yield what is wrong with a bundle: it is compared with its centre's keys and the log.

        Args:
            row: Has the bundle as `signed`, and when it came as `received_at`.
            by: Who signed it, if not the centre that it is about.
        """
        try:
            signer = read_bundle(row.signed).signer
            key = self._keys.get(by or told.centre, {}).get(signer)
            if key is None:
                raise SignatureRefusedError(f"its key {signer} is none of the centre's")
            check(key)
        except (SigningError, ValidationError) as error:
            yield Fault(place=_place(told), what=f"it is wrong: {error}")
        yield from self._compare(told, hashlib.sha256(row.signed).hexdigest(), row.received_at)

    def _compare(self, told: Told, subject: str, at: bytes) -> Iterator[Fault]:
        self._unseen.discard(told)
        written = self._chain.latest.get(told)
        if written is None:
            yield Fault(place=_place(told), what="the log does not tell of it")
        elif written.subject != subject:
            what = f"the log tells of another one, {written.subject}"
            yield Fault(place=_place(told), what=what)
        else:
            for what in time_faults("it came", at, written.at):
                yield Fault(place=_place(told), what=what)


def _signatures() -> Any:
    return (
        select(
            VersionRow.centre,
            VersionRow.name,
            VersionRow.version,
            as_stored(VersionRow.manifest).label("manifest"),
            SignatureRow.kind,
            as_stored(SignatureRow.content).label("signed"),
            as_stored(SignatureRow.received_at).label("received_at"),
            as_stored(StatementRow.content).label("statement"),
        )
        .join(SignatureRow, SignatureRow.version_id == VersionRow.id)
        .outerjoin(StatementRow, StatementRow.version_id == VersionRow.id)
        .order_by(VersionRow.id, SignatureRow.kind)
    )


def _receipts() -> Any:
    return (
        select(
            VersionRow.centre,
            VersionRow.name,
            VersionRow.version,
            as_stored(VersionRow.manifest).label("manifest"),
            ReceiptRow.receiver,
            as_stored(ReceiptRow.content).label("signed"),
            as_stored(ReceiptRow.received_at).label("received_at"),
        )
        .join(ReceiptRow, ReceiptRow.version_id == VersionRow.id)
        .order_by(ReceiptRow.number)
    )


def _check_receipt(row: Any, key: PublicKey) -> None:
    receipt = check_receipt(row.signed, key, Manifest.model_validate_json(row.manifest))
    if receipt.receiver != row.receiver:
        raise SignatureRefusedError(f"it is of {receipt.receiver}")


def _check(row: Any, key: PublicKey) -> None:
    manifest = Manifest.model_validate_json(row.manifest)
    if row.kind == "package":
        check_package(row.signed, key, manifest)
        return
    if row.kind == "withdrawal":
        check_withdrawal(row.signed, key, manifest, of=(row.centre, row.name, row.version))
        return
    statement = AuditStatement.model_validate_json(row.statement or b"")
    check_audit(row.signed, key, manifest, statement)


def _place(told: Told) -> str:
    if told.action is Action.KEY_REGISTERED:
        return f"key {told.part} of {told.centre}"
    if told.action is Action.STATUS_SIGNED:
        return f"signed status of {told.centre}"
    if told.action is Action.RECEIPT_ADDED:
        return f"receipt of {told.part} for version {told.version} of {told.centre}/{told.name}"
    return f"{told.part} signature of version {told.version} of {told.centre}/{told.name}"
