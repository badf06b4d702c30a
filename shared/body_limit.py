"""Refuses large request bodies, and too many of them, before anything is known of the caller."""

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY_BYTES = 1_000_000
MOST_HELD_BYTES = 16_000_000  # of all bodies together, each of which may lie in memory twice
CLOSE = {"Connection": "close"}


def limit_bodies(app: FastAPI, *, streamed: tuple[str, ...] = ()) -> None:
    """Answer 413 to a body of over 1 MB, which a route would gather in memory.

    Where many callers send at once and together have sent 16 MB, those who send more get a 503.

    Args:
        streamed: Beginnings of "METHOD /path" whose routes read their body piece by piece, under
            a limit of their own.
    """
    app.add_middleware(BodyLimit, streamed=streamed)


class BodyLimit:
    """Counts the bodies of requests as they come in."""

    def __init__(self, app: ASGIApp, *, streamed: tuple[str, ...]) -> None:
        self._app = app
        self._streamed = streamed
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a body that cannot grow past the limit."""
        if scope["type"] != "http" or self._is_streamed(scope):
            await self._app(scope, receive, send)
            return
        declared = _declared_bytes(scope)
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            _check(declared)  # before a byte is read
            message = await receive()
            came = len(message.get("body", b""))
            if self._held + came > MOST_HELD_BYTES:
                message["body"] = b""  # or the error's traceback would keep it
                reason = "too many large bodies come in at once; send it again a little later"
                raise HTTPException(503, reason, headers={**CLOSE, "Retry-After": "5"})
            received += came
            self._held += came
            _check(received)
            return message

        try:
            await self._app(scope, receive_within_limit, send)
        finally:
            self._held -= received

    def _is_streamed(self, scope: Scope) -> bool:
        return f"{scope['method']} {scope['path']}".startswith(self._streamed)


def _declared_bytes(scope: Scope) -> int:
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    return int(declared) if declared.isdigit() else 0


def _check(size: int) -> None:
    if size > LARGEST_BODY_BYTES:
        raise HTTPException(413, f"the body is larger than {LARGEST_BODY_BYTES} bytes", CLOSE)
