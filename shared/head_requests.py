"""Answers HEAD wherever there is a GET: the same headers, and no body."""

from fastapi import APIRouter, FastAPI
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def answer_head(app: FastAPI) -> None:
    """Have every GET route answer HEAD, but for those that do so themselves."""
    app.add_middleware(HeadRequests, router=app.router)


class HeadRequests:
    """Asks a GET route and keeps its body back."""

    def __init__(self, app: ASGIApp, *, router: APIRouter) -> None:
        self._app = app
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, as GET where no route knows HEAD."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or self._is_known(scope):
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_head(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start" and not begun:
                begun = True
                await send(message)
                # At once: a stream of events would not end before its job does.
                await send({"type": "http.response.body", "body": b""})

        whole = [item for item in scope["headers"] if item[0] != b"range"]  # which is a GET's only
        await self._app({**scope, "method": "GET", "headers": whole}, receive, send_head)

    def _is_known(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._router.routes)
