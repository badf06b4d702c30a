"""Files named by their SHA-256: written to a temporary name, synced, renamed."""

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from hub.errors import (
    BlobDigestError,
    BlobNotFoundError,
    BlobTooLargeError,
    HubDiskFullError,
    UploadStalledError,
)
from hub.registry.incoming import Held, IncomingFile, incoming_file
from hub.registry.quotas import Quotas, Upload
from hub.registry.stored_files import StoredFiles
from shared.files import full_disk_named, put_in_place, sync

FULL = "the upload does not fit the hub's disk"
INCOMING = "incoming"


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
    """A folder of immutable files. A file is there whole, or not at all."""

    def __init__(
        self, folder: Path, *, limits: UploadLimits, files: StoredFiles, quotas: Quotas
    ) -> None:
        self._folder = folder
        self._incoming = folder / INCOMING
        self._limits = limits
        self._files = files
        self._quotas = quotas
        self._held = Held()
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._remove_left_overs()

    def has(self, digest: str) -> bool:
        """Tell whether the file is stored."""
        return self._path(digest).exists()

    def is_wanted(self, digest: str) -> bool:
        """Tell whether the file is stored; who asks is about to publish it, so it stays a while."""
        try:
            os.utime(self._path(digest))
        except FileNotFoundError:
            return False
        return True

    def path(self, digest: str) -> Path:
        """Return where the file lies.

        Raises:
            BlobNotFoundError: It is not stored.
        """
        if not self.has(digest):
            raise BlobNotFoundError(f"no file with the SHA-256 {digest} is stored")
        return self._path(digest)

    async def put(
        self,
        digest: str,
        content: AsyncIterable[bytes],
        *,
        centre: str,
        declared_bytes: int | None = None,
    ) -> None:
        """Store an upload as it streams in; what was declared is refused before anything comes.

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
                    await to_thread.run_sync(self._keep, temporary, digest, upload)
            finally:
                temporary.unlink(missing_ok=True)

    def check_writable(self) -> None:
        """Check that there is room for uploads.

        Raises:
            HubDiskFullError: There is none.
        """
        self._check_room(0, 1)
        probe = self._incoming / f"probe-{uuid.uuid4().hex}"
        try:
            with full_disk_named(self._folder, HubDiskFullError, sentence=FULL):
                probe.write_bytes(bytes(4096))
        finally:
            probe.unlink(missing_ok=True)

    def untouched_since(self, moment: float) -> Iterator[str]:
        """Yield the digests of files that nobody sent or asked about since then (Unix time)."""
        for path in self._folder.glob("??/*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < moment:
                    yield path.name

    def remove_untouched(self, digest: str, moment: float) -> bool:
        """Remove a file that is still untouched; tell whether it is gone."""
        path = self._path(digest)
        with suppress(FileNotFoundError):
            if path.stat().st_mtime >= moment:
                return False
            path.unlink()
        return True

    def remove_stalled(self, moment: float) -> None:
        """Remove what is left of uploads to which nothing was added since then (Unix time)."""
        for path in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < moment:
                    path.unlink()

    def _remove_left_overs(self) -> None:
        """Remove what a hub that was killed left: half uploads, and files just before their note.

        Nobody was told that either is kept, and what has no note would count for no quota.
        """
        for half in self._incoming.iterdir():
            half.unlink()
        for digest in self._files.without_note({path.name for path in self._folder.glob("??/*")}):
            self._path(digest).unlink()

    async def _receive(self, temporary: Path, content: AsyncIterable[bytes], upload: Upload) -> str:
        async with incoming_file(temporary, self._held) as incoming:
            async for chunk in self._in_time(content):
                if incoming.gather(chunk):
                    await self._write(incoming, upload)
            await self._write(incoming, upload)
            return await incoming.sha256()

    async def _write(self, incoming: IncomingFile, upload: Upload) -> None:
        self._check_room(incoming.size_bytes, incoming.waiting_bytes)
        upload.grow_to(incoming.size_bytes)
        await incoming.write()

    async def _in_time(self, content: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        chunks = aiter(content)
        while True:
            try:
                async with asyncio.timeout(self._limits.stall_seconds):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise UploadStalledError(
                    f"nothing of the upload came for {self._limits.stall_seconds:g} s"
                ) from error
            yield chunk

    def _check_room(self, size: int, still_to_write: int) -> None:
        if size > self._limits.max_file_bytes:
            raise BlobTooLargeError(
                f"the upload is larger than the {self._limits.max_file_bytes} bytes allowed"
            )
        if shutil.disk_usage(self._folder).free - still_to_write < self._limits.reserve_bytes:
            raise HubDiskFullError(FULL)

    def _keep(self, temporary: Path, digest: str, upload: Upload) -> None:
        target = self._path(digest)
        target.parent.mkdir(exist_ok=True)
        sync(temporary)
        upload.is_kept = self._files.add(
            digest,
            upload.centre,
            temporary.stat().st_size,
            put_in_place=lambda: put_in_place(temporary, target),
        )
        sync(self._folder)

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest
