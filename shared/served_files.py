"""Serves a file whole or in parts; a part that it does not have is a problem like every other."""

import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import anyio
from fastapi import HTTPException, Response
from fastapi.responses import FileResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from shared.preconditions import is_known

BY_KERNEL = "http.response.zerocopysend"
KEPT = ("ETag", "Last-Modified", "Repr-Digest")
"""What an answer without the file still says of it."""


class RemoteFile(Protocol):
    """A file that lies on another machine."""

    async def size_and_time(self) -> tuple[int, float]:
        """Return how many bytes it has, and when it was written, in Unix time."""

    async def read(self, start: int, size: int) -> bytes:
        """Return a part of it that is there."""


class ServedFile(FileResponse):
    """A file that the kernel sends where the server can have it do so, in parts too.

    What lies on another machine goes through this process, a piece at a time.

    Its refused ranges are problems, not lines of plain text. A range in other units than bytes, or
    of anything but a GET, is ignored, as RFC 9110 section 14.2 says.
    """

    chunk_size = 256 * 1024
    _by_kernel = False

    def __init__(self, file: Path | RemoteFile, status_code: int = 200, **options: Any) -> None:
        self._remote = None if isinstance(file, Path) else file
        super().__init__(file if isinstance(file, Path) else "", status_code, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or what `Range` asks for of it, unless the caller has it.

        Raises:
            HTTPException: It asks for nothing that can be sent.
            PreconditionFailedError: A condition of the request does not hold.
        """
        self.stat_result = await self._stat()
        self.set_stat_headers(self.stat_result)
        asked, etag = Headers(scope=scope), self.headers["ETag"]
        if is_known(scope["method"], asked, etag, modified=self.stat_result.st_mtime):
            unchanged = {name: self.headers[name] for name in KEPT if name in self.headers}
            await Response(status_code=304, headers=unchanged)(scope, receive, send)
            return
        self._by_kernel = self._remote is None and BY_KERNEL in scope.get("extensions", {})

        async def send_unless_refused(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                size = self.headers["Content-Length"]
                raise HTTPException(
                    message["status"],
                    f"the header Range asks for no part of this file of {size} bytes; "
                    "ask such as bytes=0-99, or leave it out",
                    headers={"Content-Range": f"bytes */{size}"},
                )
            await send(message)

        asked_of = _with_bytes_only(scope)
        if self._remote is not None:
            asked_of["extensions"] = {}  # nothing that the kernel could send
        await super().__call__(asked_of, receive, send_unless_refused)

    async def _stat(self) -> os.stat_result:
        if self._remote is None:
            return await anyio.to_thread.run_sync(Path(self.path).stat)
        size, written = await self._remote.size_and_time()
        return os.stat_result((stat.S_IFREG, 0, 0, 1, 0, 0, size, written, written, written))

    @asynccontextmanager
    async def _open_file(self) -> AsyncIterator[anyio.AsyncFile[bytes]]:
        if self._remote is None:
            async with super()._open_file() as file:
                yield file
        else:
            assert self.stat_result is not None
            yield cast("Any", _Reader(self._remote, self.stat_result.st_size))

    async def _handle_single_range(
        self, send: Send, start: int, end: int, file_size: int, send_header_only: bool
    ) -> None:
        if send_header_only or not self._by_kernel:
            await super()._handle_single_range(send, start, end, file_size, send_header_only)
            return
        headers = MutableHeaders(raw=list(self.raw_headers))
        headers["content-range"] = f"bytes {start}-{end - 1}/{file_size}"
        headers["content-length"] = str(end - start)
        await send({"type": "http.response.start", "status": 206, "headers": headers.raw})
        file = await anyio.to_thread.run_sync(Path(self.path).open, "rb")
        await send({"type": BY_KERNEL, "file": file, "offset": start, "count": end - start})


class _Reader:
    """Reads a remote file as an open one is read."""

    def __init__(self, remote: RemoteFile, size: int) -> None:
        self._remote = remote
        self._size = size
        self._place = 0

    async def seek(self, place: int) -> None:
        self._place = place

    async def read(self, size: int) -> bytes:
        size = min(size, self._size - self._place)
        piece = await self._remote.read(self._place, size) if size else b""
        self._place += len(piece)
        return piece


def _with_bytes_only(scope: Scope) -> Scope:
    is_get = scope["method"] == "GET"
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name != b"range" or (is_get and value.partition(b"=")[0].strip().lower() == b"bytes")
    ]
    return {**scope, "headers": headers}
