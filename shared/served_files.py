"""Serves a file whole or in parts; a part that it does not have is a problem like every other."""

from pathlib import Path

import anyio
from fastapi import HTTPException, Response
from fastapi.responses import FileResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from shared.preconditions import is_known

BY_KERNEL = "http.response.zerocopysend"
KEPT = ("ETag", "Last-Modified", "Repr-Digest")
"""What an answer without the file still says of it."""


class ServedFile(FileResponse):
    """A file that the kernel sends where the server can have it do so, in parts too.

    Its refused ranges are problems, not lines of plain text. A range in other units than bytes, or
    of anything but a GET, is ignored, as RFC 9110 section 14.2 says.
    """

    chunk_size = 256 * 1024
    _by_kernel = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or what `Range` asks for of it, unless the caller has it.

        Raises:
            HTTPException: It asks for nothing that can be sent.
            PreconditionFailedError: A condition of the request does not hold.
        """
        self.stat_result = await anyio.to_thread.run_sync(Path(self.path).stat)
        self.set_stat_headers(self.stat_result)
        asked, etag = Headers(scope=scope), self.headers["ETag"]
        if is_known(scope["method"], asked, etag, modified=self.stat_result.st_mtime):
            unchanged = {name: self.headers[name] for name in KEPT if name in self.headers}
            await Response(status_code=304, headers=unchanged)(scope, receive, send)
            return
        self._by_kernel = BY_KERNEL in scope.get("extensions", {})

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

        await super().__call__(_with_bytes_only(scope), receive, send_unless_refused)

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


def _with_bytes_only(scope: Scope) -> Scope:
    is_get = scope["method"] == "GET"
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name != b"range" or (is_get and value.partition(b"=")[0].strip().lower() == b"bytes")
    ]
    return {**scope, "headers": headers}
