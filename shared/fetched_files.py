"""Fetches a version's files; each goes on where it broke off, and is hashed as it comes."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import httpx

from shared.errors import DigestMismatchError, HubUnreadableError, PackageError
from shared.hub_exchange import HubExchange, check, read
from shared.packages import ManifestFile, check_digest, check_size
from shared.repeats import PASSING, Attempts, is_passing
from shared.safe_text import shown
from shared.transfer_progress import Transfer

RANGE = re.compile(r"bytes (\d{1,19})-\d{1,19}/(?:\d{1,19}|\*)")


@dataclass
class _Begun:
    """What is there of a file."""

    path: Path
    sha256: "hashlib._Hash"
    size_bytes: int


class FileFetcher:
    """Fetches files of a package from one hub, within one budget."""

    def __init__(self, exchange: HubExchange, transfer: Transfer) -> None:
        self._exchange = exchange
        self._transfer = transfer

    def fetch(self, path: str, target: Path, declared: ManifestFile) -> None:
        """Fetch what is missing of a file.

        Raises:
            DigestMismatchError: It is not what is declared; nothing is left of it.
        """
        begun = _begun(target)
        self._transfer.there_already(begun.size_bytes)
        try:
            digest = self._completed(path, begun, declared)
            check_size(target, declared)
            check_digest(digest, declared)
        except (PackageError, HubUnreadableError):
            target.unlink(missing_ok=True)
            raise

    def _completed(self, path: str, begun: _Begun, declared: ManifestFile) -> str:
        """Fetch what is missing; where the connection breaks off, go on from there.

        Returns:
            The SHA-256 of what is there then.
        """
        attempts = Attempts(self._exchange.limits.patience, self._transfer.budget)
        while begun.size_bytes < declared.size_bytes:
            before = begun.size_bytes
            try:
                if self._went_on(path, begun, declared, attempts):
                    break
            except httpx.RequestError as error:
                if begun.size_bytes > before:
                    attempts.start_over()
                if not (is_passing(error) and attempts.again()):
                    raise
        return begun.sha256.hexdigest()

    def _went_on(
        self, path: str, begun: _Begun, declared: ManifestFile, attempts: Attempts
    ) -> bool:
        """Ask once for what is missing; tell whether the answer was to it."""
        room, have = declared.size_bytes - begun.size_bytes, begun.size_bytes
        # The hub's ETag is the digest: of another file the hub then sends the whole.
        part = {"Range": f"bytes={have}-", "If-Range": f'"{declared.sha256}"'} if have else {}
        with self._exchange.opened(
            "GET", path, budget=self._transfer.budget, most_bytes=declared.size_bytes, headers=part
        ) as response:
            if not response.is_success:
                answer = read(response, room)
                if answer.status in PASSING and attempts.again(answer.retry_after):
                    return False
                check(answer, self._exchange.url)
            if response.status_code == httpx.codes.PARTIAL_CONTENT:
                _check_range(response, have, declared)
            elif have:
                self._forget(begun)
            self._receive(response, begun, declared)
        return True

    def _receive(self, response: httpx.Response, begun: _Begun, declared: ManifestFile) -> None:
        """Write an answer behind what is there, and never a byte more than is declared."""
        room = declared.size_bytes - begun.size_bytes
        with begun.path.open("ab") as file:
            for chunk in response.iter_raw():
                kept = chunk[:room]
                file.write(kept)
                begun.sha256.update(kept)
                begun.size_bytes += len(kept)
                self._transfer.moved(declared.name, len(kept))
                room -= len(chunk)
                if room < 0:
                    raise DigestMismatchError(
                        f"the hub sends more of {declared.name} than the {declared.size_bytes} "
                        "bytes that are declared"
                    )

    def _forget(self, begun: _Begun) -> None:
        self._transfer.go_back_to(self._transfer.there_bytes - begun.size_bytes)
        begun.path.unlink(missing_ok=True)
        begun.sha256, begun.size_bytes = hashlib.sha256(), 0


def _begun(target: Path) -> _Begun:
    """Hash what an earlier fetch has left of a file."""
    if not target.exists():
        return _Begun(target, hashlib.sha256(), 0)
    with target.open("rb") as file:
        return _Begun(target, hashlib.file_digest(file, "sha256"), target.stat().st_size)


def _check_range(response: httpx.Response, have: int, declared: ManifestFile) -> None:
    """Check that a part begins where it was asked to, as far as it says so; the digest decides."""
    given = response.headers.get("Content-Range")
    if given is None:
        return
    found = RANGE.fullmatch(given)
    if found is None or int(found[1]) != have:
        raise DigestMismatchError(
            f"the hub sends {shown(given, 80)} of {declared.name}, which was asked for from byte "
            f"{have}"
        )
