"""An upload on its way to the disk: a thread hashes and writes a piece while the next comes in."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from anyio import to_thread

PIECE_BYTES, PIECE_CHUNKS, PIECE_SECONDS = 1_000_000, 64, 1.0
MOST_HELD_BYTES = 4_000_000


class Held:
    """What all uploads together hold in memory."""

    def __init__(self) -> None:
        self.size_bytes = 0


class IncomingFile:
    """A file that is written from its beginning, one piece of it at a time.

    Attributes:
        size_bytes: What has come.
        waiting_bytes: How much of it is not written yet.
    """

    def __init__(self, file: BinaryIO, held: Held) -> None:
        self._file = file
        self._held = held
        self._sha256 = hashlib.sha256()
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._began = time.monotonic()
        self._writing: asyncio.Task[None] | None = None
        self.size_bytes, self.waiting_bytes = 0, 0

    def gather(self, chunk: bytes) -> bool:
        """Take in more; tell whether it should be written, since it is much or came slowly."""
        self._gathered.append(chunk)
        self._gathered_bytes += len(chunk)
        self.size_bytes += len(chunk)
        self._count(len(chunk))
        return (
            self._gathered_bytes >= PIECE_BYTES
            or len(self._gathered) >= PIECE_CHUNKS  # a byte by itself takes thirty times its size
            or time.monotonic() - self._began > PIECE_SECONDS
            or self._held.size_bytes > MOST_HELD_BYTES  # who stops sending would hold it for long
        )

    async def write(self) -> None:
        """Have what was gathered written, once what was gathered before is.

        Raises:
            OSError: That cannot be written.
        """
        await self._written()
        piece, self._gathered, self._gathered_bytes = self._gathered, [], 0
        self._began = time.monotonic()
        self._writing = asyncio.create_task(to_thread.run_sync(self._put, piece))
        if self._held.size_bytes > MOST_HELD_BYTES:
            await self._written()

    async def sha256(self) -> str:
        """Return the SHA-256 of what was written, when it is.

        Raises:
            OSError: It cannot be written.
        """
        await self._written()
        return self._sha256.hexdigest()

    async def settle(self) -> None:
        """Wait until nothing is being written, whatever became of it: the file can be closed."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
            if not self._writing.cancelled():
                self._writing.exception()  # another error is on its way out
        self._count(-self.waiting_bytes)

    async def _written(self) -> None:
        if self._writing is None:
            return
        await asyncio.wait({self._writing})  # unlike `await`, it leaves the task be when cancelled
        self._writing.result()
        self._writing = None
        self._count(self._gathered_bytes - self.waiting_bytes)

    def _count(self, more: int) -> None:
        self.waiting_bytes += more
        self._held.size_bytes += more

    def _put(self, piece: list[bytes]) -> None:
        for chunk in piece:
            self._sha256.update(chunk)
            self._file.write(chunk)
        piece.clear()  # the thread knows it until it gets another


@asynccontextmanager
async def incoming_file(path: Path, held: Held) -> AsyncIterator[IncomingFile]:
    """Give a file to write an upload to; it is closed when its last piece is written."""
    with path.open("wb") as file:
        incoming = IncomingFile(file, held)
        try:
            yield incoming
        finally:
            await incoming.settle()
