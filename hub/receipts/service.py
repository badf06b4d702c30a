"""The rules of utility receipts: a receiver speaks for itself, of a version that it may see."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from hub.errors import ForeignCentreError
from hub.receipts.errors import ReceiptNotFoundError, ReceiptNotNewerError, ReceiptRefusedError
from hub.receipts.store import ReceiptStore
from hub.registry.service import Registry
from hub.signatures.service import Signatures
from shared.access import Caller
from shared.receipts import (
    MOST_OF_A_PAGE,
    KeptReceipt,
    ReceiptPage,
    UtilityReceipt,
    VersionReceipts,
    receipt_fault,
)
from shared.records import GeneratorVersion
from signing.bundles import read_bundle
from signing.receipts import check_receipt

FARTHEST_ZONE = timedelta(days=1)
"""A day may have begun elsewhere that has not begun at the hub."""


class Receipts:
    """What generators were worth to those who used them."""

    def __init__(
        self,
        store: ReceiptStore,
        registry: Registry,
        signatures: Signatures,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._registry = registry
        self._signatures = signatures
        self._clock = clock

    def check_own(self, receiver: str, *, caller: Caller) -> None:
        """Check who gives a receipt.

        Raises:
            ForeignCentreError: `caller` is not `receiver`.
        """
        if caller.name != receiver:
            raise ForeignCentreError(f"{caller.name} cannot give a receipt for {receiver}")

    def put(
        self,
        centre: str,
        name: str,
        version: int,
        receiver: str,
        content: bytes,
        *,
        caller: Caller,
    ) -> bool:
        """Keep what a receiver signed of a version; tell whether it is new.

        Raises:
            ForeignCentreError: `caller` is not `receiver`.
            GeneratorNotFoundError: There is no such version that the receiver may see.
            KeyNotRegisteredError: The signature names none of the receiver's keys.
            SignatureRefusedError: It is a wrong signature, or of another package.
            ReceiptRefusedError: It says it of something or somebody else, or of a later day.
            ReceiptNotNewerError: One of a later day is there.
        """
        self.check_own(receiver, caller=caller)
        record = self._registry.find(centre, name, version, caller)
        key = self._signatures.key(receiver, read_bundle(content).signer)
        receipt = check_receipt(content, key, record.manifest)
        now = self._clock()
        _check_fits(receipt, record, receiver, last_day=(now + FARTHEST_ZONE).date())
        text = content.decode()
        kept, new = self._store.put(record, receipt, text, by=caller, now=now)
        if kept != text:
            raise ReceiptNotNewerError(
                f"{receiver} has given a receipt of a later day than {receipt.day} for version "
                f"{version} of {centre}/{name}"
            )
        return new

    def find(self, centre: str, name: str, version: int, receiver: str, caller: Caller) -> str:
        """Return what a receiver said of a version, as it came.

        Raises:
            GeneratorNotFoundError, ReceiptNotFoundError: There is none.
        """
        record = self._registry.find(centre, name, version, caller)
        content = self._store.find(record, receiver)
        if content is None:
            raise ReceiptNotFoundError(
                f"{receiver} has given no receipt for version {version} of {centre}/{name}"
            )
        return content

    def of_version(self, centre: str, name: str, version: int, caller: Caller) -> VersionReceipts:
        """Return what all receivers said of a version, newest first.

        Raises:
            GeneratorNotFoundError: There is no such version that the caller may see.
        """
        record = self._registry.find(centre, name, version, caller)
        return VersionReceipts(items=self._store.of_version(record))

    def page(self, caller: Caller, *, cursor: int | None, limit: int) -> ReceiptPage:
        """Return what receivers said of versions in use, newest first."""
        return self._store.page(caller, cursor=cursor, limit=limit)

    def newest(self, caller: Caller, *, most: int) -> tuple[tuple[KeptReceipt, ...], bool]:
        """Return the newest receipts of versions in use, and whether there are more."""
        found: list[KeptReceipt] = []
        cursor: int | None = None
        while len(found) < most:
            page = self._store.page(
                caller, cursor=cursor, limit=min(MOST_OF_A_PAGE, most - len(found))
            )
            found, cursor = [*found, *page.items], page.next_cursor
            if cursor is None:
                return tuple(found), False
        return tuple(found), True


def _check_fits(
    receipt: UtilityReceipt, record: GeneratorVersion, receiver: str, *, last_day: date
) -> None:
    said = (receipt.donor, receipt.name, receipt.version, receipt.receiver)
    meant = (record.centre, record.name, record.version, receiver)
    if said != meant:
        raise ReceiptRefusedError(
            f"the receipt is of version {receipt.version} of {receipt.donor}/{receipt.name} for "
            f"{receipt.receiver}, and was sent as one of version {record.version} of "
            f"{record.centre}/{record.name} for {receiver}"
        )
    fault = receipt_fault(receipt)
    if fault is not None:
        raise ReceiptRefusedError(f"the receipt is refused: {fault}")
    if date.fromisoformat(receipt.day) > last_day:
        raise ReceiptRefusedError(f"the receipt is of {receipt.day}, which has not come yet")
