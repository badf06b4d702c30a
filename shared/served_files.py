"""Serves a file whole or in parts; a part that it does not have is a problem like every other."""

from fastapi import HTTPException
from fastapi.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send


class ServedFile(FileResponse):
    """A file whose refused ranges are problems, not lines of plain text."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or what `Range` asks for of it.

        Raises:
            HTTPException: It asks for nothing that can be sent.
        """

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

        await super().__call__(scope, receive, send_unless_refused)
