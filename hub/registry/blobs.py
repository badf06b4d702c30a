"""Files named by their SHA-256: written to a temporary name, synced, renamed."""

import hashlib
import uuid
from collections.abc import AsyncIterable
from pathlib import Path

from anyio import to_thread

from hub.errors import BlobDigestError, BlobNotFoundError, BlobTooLargeError, HubDiskFullError
from shared.files import full_disk_named, put_in_place, sync

FULL = "the upload does not fit the hub's disk"


class BlobStore:
    """A folder of immutable files. A file is there whole, or not at all."""

    def __init__(self, folder: Path, *, max_file_bytes: int) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        self._max_file_bytes = max_file_bytes
        self._incoming.mkdir(parents=True, exist_ok=True)
        for left_over in self._incoming.iterdir():
            left_over.unlink()

    def has(self, digest: str) -> bool:
        """Tell whether the file is stored."""
        return self._path(digest).exists()

    def path(self, digest: str) -> Path:
        """Return where the file lies.

        Raises:
            BlobNotFoundError: It is not stored.
        """
        if not self.has(digest):
            raise BlobNotFoundError(f"no file with the SHA-256 {digest} is stored")
        return self._path(digest)

    async def put(self, digest: str, content: AsyncIterable[bytes]) -> None:
        """Store an upload as it streams in.

        Raises:
            BlobDigestError: The bytes have another SHA-256.
            BlobTooLargeError: They are more than the hub allows.
            HubDiskFullError: They do not fit the disk.
        """
        temporary = self._incoming / uuid.uuid4().hex
        try:
            with full_disk_named(self._folder, HubDiskFullError, sentence=FULL):
                found = await self._receive(temporary, content)
                if found != digest:
                    message = f"the uploaded bytes have the SHA-256 {found}, not {digest}"
                    raise BlobDigestError(message)
                await to_thread.run_sync(self._keep, temporary, digest)
        finally:
            temporary.unlink(missing_ok=True)

    async def _receive(self, temporary: Path, content: AsyncIterable[bytes]) -> str:
        sha256, size = hashlib.sha256(), 0
        with temporary.open("wb") as file:
            async for chunk in content:
                size += len(chunk)
                if size > self._max_file_bytes:
                    raise BlobTooLargeError(
                        f"the upload is larger than the {self._max_file_bytes} bytes allowed"
                    )
                sha256.update(chunk)
                await to_thread.run_sync(file.write, chunk)
        return sha256.hexdigest()

    def _keep(self, temporary: Path, digest: str) -> None:
        target = self._path(digest)
        target.parent.mkdir(exist_ok=True)
        sync(temporary)
        put_in_place(temporary, target)
        sync(self._folder)

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest
