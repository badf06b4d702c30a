"""What a client asks a hub about utility receipts; signatures are not checked here.

A hub of an earlier version knows none of these paths.
"""

from collections.abc import Iterator

from shared.errors import HubUnreadableError
from shared.hub_exchange import HubExchange, version_path
from shared.receipts import KeptReceipt, ReceiptPage, VersionReceipts
from shared.records import GeneratorVersion

MOST_PAGES = 10_000


class ReceiptCalls:
    """The utility receipts of one hub.

    Every method raises `HubUnreachableError`, `HubUnreadableError` or `HubRefusedError`.
    """

    def __init__(self, exchange: HubExchange) -> None:
        self._exchange = exchange

    def put(self, record: GeneratorVersion, receiver: str, content: bytes) -> None:
        """Keep the bundle of what a version was worth to a receiver."""
        self._exchange.put_bundle(f"{version_path(record)}/receipts/{receiver}", content)

    def bundle(self, record: GeneratorVersion, receiver: str) -> bytes | None:
        """Return the bundle of what a receiver says of a version, None if it says nothing."""
        return self._exchange.bundle(f"{version_path(record)}/receipts/{receiver}")

    def of_version(self, record: GeneratorVersion) -> tuple[KeptReceipt, ...]:
        """Return what all receivers say of a version, newest first."""
        path = f"{version_path(record)}/receipts"
        return self._exchange.call(VersionReceipts, "GET", path).items

    def all(self) -> Iterator[KeptReceipt]:
        """Yield what all receivers say of all versions in use, newest first."""
        cursor: int | None = None
        for _ in range(MOST_PAGES):
            path = "/receipts" if cursor is None else f"/receipts?cursor={cursor}"
            page = self._exchange.call(ReceiptPage, "GET", path)
            yield from page.items
            if page.next_cursor is None:
                return
            cursor = page.next_cursor
        raise HubUnreadableError(f"the hub's list of receipts has more than {MOST_PAGES} pages")
