"""Files named by their SHA-256: what comes in is hashed on this machine, then kept on a shelf."""

import asyncio
import logging
import shutil
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread
from sqlalchemy.exc import DatabaseError

from hub.errors import (
    BlobDigestError,
    BlobTooLargeError,
    HubDiskFullError,
    UploadStalledError,
)
from hub.registry.incoming import Held, IncomingFile, incoming_file
from hub.registry.quotas import Quotas, Upload
from hub.registry.shelves import Shelf
from hub.registry.stored_files import StoredFiles
from shared.files import full_disk_named, is_full_disk
from shared.preconditions import unconditional

FULL = "the upload does not fit the hub's disk"
INCOMING = "incoming"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What is taken in.

    Attributes:
        reserve_bytes: How much of the disk uploads leave free.
        stall_seconds: The longest wait for more of an upload.
    """

    max_file_bytes: int
    reserve_bytes: int
    stall_seconds: float


class BlobStore:
    """Immutable files on a shelf, and what is coming in. A file is there whole, or not at all.

    Args:
        folder: Where uploads wait until they are whole; nobody else writes there.
    """

    def __init__(
        self,
        folder: Path,
        shelf: Shelf,
        *,
        limits: UploadLimits,
        files: StoredFiles,
        quotas: Quotas,
    ) -> None:
        self._folder = folder
        self._incoming = folder / INCOMING
        self.shelf = shelf
        self._limits = limits
        self._files = files
        self._quotas = quotas
        self._held = Held()
        self._incoming.mkdir(parents=True, exist_ok=True)
        for half in self._incoming.iterdir():  # what a hub that was killed left
            half.unlink()
        with _unless_full():
            shelf.begin()

    def size(self, digest: str) -> int | None:
        """Return how many bytes a file has, None if it is not stored."""
        return self.shelf.size(digest)

    def read(self, digest: str) -> bytes:
        """Return the content of a file, which must be small.

        Raises:
            BlobNotFoundError: It is not stored.
        """
        return b"".join(self.shelf.pieces(digest))

    def etag(self, digest: str) -> str:
        """Return the strong ETag of a file."""
        return f'"{digest}"'

    async def put(
        self,
        digest: str,
        content: AsyncIterable[bytes],
        *,
        centre: str,
        declared_bytes: int | None = None,
        check: Callable[[str | None], None] = unconditional,
    ) -> None:
        """Store an upload as it streams in; what was declared is refused before anything comes.

        Args:
            check: Given the file's ETag, or None if it is not there; raises if it should not be
                stored now. Called in the step that does.

        Raises:
            BlobDigestError: The bytes have another SHA-256.
            BlobTooLargeError: They are more than the hub allows.
            HubDiskFullError: They do not fit the disk.
            QuotaUsedUpError: They are more than the centre may store.
            UploadStalledError: They stopped coming.
        """
        self._check_room(declared_bytes or 0, declared_bytes or 0)
        temporary = self._incoming / uuid.uuid4().hex
        with self._quotas.upload(centre, declared_bytes or 0) as upload:
            try:
                with full_disk_named(self._folder, HubDiskFullError, sentence=FULL):
                    found = await self._receive(temporary, content, upload)
                    if found != digest:
                        message = f"the uploaded bytes have the SHA-256 {found}, not {digest}"
                        raise BlobDigestError(message)
                    await to_thread.run_sync(self._keep, temporary, digest, upload, check)
            finally:
                temporary.unlink(missing_ok=True)

    def check_writable(self) -> None:
        """Check that files can be read, and that there is room for uploads.

        Raises:
            FilesUnavailableError: They cannot be read.
            HubDiskFullError: There is no room.
        """
        self.shelf.check_answers()
        self._check_room(0, 1)
        probe = self._incoming / f"probe-{uuid.uuid4().hex}"
        try:
            with full_disk_named(self._folder, HubDiskFullError, sentence=FULL):
                probe.write_bytes(bytes(4096))
        finally:
            probe.unlink(missing_ok=True)

    def remove_stalled(self, moment: float) -> None:
        """Remove what is left of uploads to which nothing was added since then (Unix time)."""
        for path in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < moment:
                    path.unlink()

    async def _receive(self, temporary: Path, content: AsyncIterable[bytes], upload: Upload) -> str:
        chunks = aiter(content)
        async with incoming_file(temporary, self._held) as incoming:
            while (chunk := await self._in_time(chunks)) is not None:
                is_a_piece = incoming.gather(chunk)
                del chunk  # or it would stay in memory while the next is waited for
                if is_a_piece:
                    await self._write(incoming, upload)
            await self._write(incoming, upload)
            return await incoming.sha256()

    async def _write(self, incoming: IncomingFile, upload: Upload) -> None:
        self._check_room(incoming.size_bytes, incoming.waiting_bytes)
        upload.grow_to(incoming.size_bytes)
        await incoming.write()

    async def _in_time(self, chunks: AsyncIterator[bytes]) -> bytes | None:
        """Return the next chunk, or None after the last."""
        try:
            async with asyncio.timeout(self._limits.stall_seconds):
                return await anext(chunks, None)
        except TimeoutError as error:
            raise UploadStalledError(
                f"nothing of the upload came for {self._limits.stall_seconds:g} s"
            ) from error

    def _check_room(self, size: int, still_to_write: int) -> None:
        if size > self._limits.max_file_bytes:
            raise BlobTooLargeError(
                f"the upload is larger than the {self._limits.max_file_bytes} bytes allowed"
            )
        if shutil.disk_usage(self._folder).free - still_to_write < self._limits.reserve_bytes:
            raise HubDiskFullError(FULL)

    def _keep(
        self, temporary: Path, digest: str, upload: Upload, check: Callable[[str | None], None]
    ) -> None:
        size = temporary.stat().st_size
        self.shelf.bring(temporary, digest)

        def put_checked_in_place(is_new: bool) -> None:
            is_there = not is_new and self.shelf.size(digest) is not None
            check(self.etag(digest) if is_there else None)
            self.shelf.put_in_place(temporary, digest)

        most = self._quotas.most
        self._files.add(digest, upload.centre, size, most, put_in_place=put_checked_in_place)


@contextmanager
def _unless_full() -> Iterator[None]:
    """Leave for the next start what a full disk has no room for: this one serves reading."""
    try:
        yield
    except DatabaseError as error:
        if not is_full_disk(error):
            raise
        log.warning("the database's disk is full: notes of files that are gone stay there")
