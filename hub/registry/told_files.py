"""Files whose sending is told of before anything of them is sent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.types import Message, Receive, Scope, Send

from shared.served_files import RemoteFile, ServedFile


class ToldFile(ServedFile):
    """A served file that is told of where it is sent, whole or in part; not where it is known.

    Args:
        tell: Called in a thread; what it raises is answered in the file's place.
    """

    def __init__(
        self, file: Path | RemoteFile, *, tell: Callable[[], None], **options: Any
    ) -> None:
        super().__init__(file, **options)
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""

        async def send_told(message: Message) -> None:
            starts = message["type"] == "http.response.start"
            if starts and message["status"] in {200, 206} and scope["method"] == "GET":
                await to_thread.run_sync(self._tell)
            await send(message)

        await super().__call__(scope, receive, send_told)
