"""Refuses large request bodies before anything is known of the caller."""

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY_BYTES = 1_000_000


def limit_bodies(app: FastAPI, *, streamed: tuple[str, ...] = ()) -> None:
    """Answer 413 to a body of over 1 MB, which a route would gather in memory.

    Args:
        streamed: Beginnings of "METHOD /path" whose routes read their body piece by piece, under
            a limit of their own.
    """
    app.add_middleware(BodyLimit, streamed=streamed)


class BodyLimit:
    """Counts a request's body as it comes in."""

    def __init__(self, app: ASGIApp, *, streamed: tuple[str, ...]) -> None:
        self._app = app
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a body that cannot grow past the limit."""
        if scope["type"] != "http" or self._is_streamed(scope):
            await self._app(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY_BYTES:
                reason = f"the body is larger than {LARGEST_BODY_BYTES} bytes"
                raise HTTPException(413, reason, headers={"Connection": "close"})
            return message

        await self._app(scope, receive_within_limit, send)

    def _is_streamed(self, scope: Scope) -> bool:
        return f"{scope['method']} {scope['path']}".startswith(self._streamed)
