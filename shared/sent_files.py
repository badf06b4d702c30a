"""Sends the files of a package that a hub lacks."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from shared.errors import HubRefusedError, HubTurnedAwayError, HubUnreachableError
from shared.hub_exchange import HubExchange, check, read
from shared.packages import CHUNK_BYTES, ManifestFile, Package
from shared.progress import OnProgress
from shared.records import BlobDigests
from shared.repeats import Answer, Attempts, repeated
from shared.transfer_progress import Transfer

LARGEST_RECEIPT_BYTES = 64 << 10


def missing_files(exchange: HubExchange, package: Package) -> list[ManifestFile]:
    """Return what the hub lacks of a package, which it tells its centre alone.

    Raises:
        HubTurnedAwayError: The hub refuses the caller, and has been sent nothing.
    """
    files = {file.sha256: file for file in package.manifest.files}
    asked = BlobDigests(digests=tuple(files)).model_dump(mode="json")
    path = f"/blobs/missing?centre={package.card.centre}"
    try:
        lacking = exchange.call(BlobDigests, "POST", path, json=asked).digests
    except HubRefusedError as error:
        if error.problem.status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise HubTurnedAwayError(error.problem) from error
        raise
    return [files[digest] for digest in dict.fromkeys(lacking) if digest in files]


def send_files(
    exchange: HubExchange,
    package: Package,
    missing: Sequence[ManifestFile],
    on_progress: OnProgress,
) -> None:
    """Send files of a package.

    Raises:
        HubUnreachableError: The hub went away; what it has by then is not asked for again.
    """
    total = sum(file.size_bytes for file in missing)
    transfer = Transfer(total, exchange.limits.transfer(), on_progress)
    for number, file in enumerate(missing, start=1):
        try:
            _send(exchange, package.folder / file.name, f"/blobs/{file.sha256}", transfer)
        except HubUnreachableError as error:
            raise HubUnreachableError(
                f"the upload of {file.name}, file {number} of {len(missing)}, broke off; "
                f"publish again, and only what the hub lacks is sent: {error}"
            ) from error


def _send(exchange: HubExchange, file: Path, path: str, transfer: Transfer) -> None:
    headers = {"Content-Length": str(file.stat().st_size)}
    sent_before = transfer.there_bytes

    def ask() -> Answer:
        transfer.go_back_to(sent_before)
        with exchange.opened(
            "PUT",
            path,
            budget=transfer.budget,
            most_bytes=LARGEST_RECEIPT_BYTES,
            content=_pieces(file, transfer),
            headers=headers,
        ) as response:
            return read(response, LARGEST_RECEIPT_BYTES)

    with exchange.named("PUT", path):
        check(repeated(ask, Attempts(exchange.limits.patience, transfer.budget)), exchange.url)


def _pieces(file: Path, transfer: Transfer) -> Iterator[bytes]:
    """Read a file anew for each attempt to send it; a piece counts when the next is asked for."""
    with file.open("rb") as content:
        while piece := content.read(CHUNK_BYTES):
            yield piece
            transfer.moved(file.name, len(piece))
