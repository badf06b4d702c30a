"""The server of hub and nodes: uvicorn with our limits, TLS, and headers for browsers."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.connections import Connections
from shared.http_protocol import LimitedProtocol
from shared.serving_settings import ServingSettings
from shared.transport import tls_context

STOP_SECONDS = 3  # open event streams must not hold a stopping service
TICKS_BETWEEN_SWEEPS = 5  # of 0.1 s
ACCEPTED_AT_ONCE = 100  # fewer than are let in, so that who has asked is heard before more come
WAITING_TO_BE_ACCEPTED = 2_048
HEADERS = {
    # A page, such as a job's report, may have its own styles and pictures, and no script at all.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
ONLY_ENCRYPTED = {"Strict-Transport-Security": "max-age=31536000"}


class Server(uvicorn.Server):
    """Serves an application on sockets that are bound already.

    Args:
        on_sweep: Called twice a second.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: ServingSettings,
        *,
        on_sweep: Callable[[], None] = lambda: None,
    ) -> None:
        tls = tls_context(settings)
        self.scheme = "http" if tls is None else "https"
        self._watch = Connections(settings)
        self._on_sweep = on_sweep
        super().__init__(_config(app, settings, self._watch, tls))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; more callers may wait at the door than are let in at once."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(WAITING_TO_BE_ACCEPTED)

    async def on_tick(self, counter: int) -> bool:
        """Look through the connections now and then."""
        if counter % TICKS_BETWEEN_SWEEPS == 0:
            self._watch.sweep()
            self._on_sweep()
        return await super().on_tick(counter)


class StandingHeaders:
    """Gives every answer the headers that it does not set itself: a page has rules of its own."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    own.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _config(
    app: ASGIApp, settings: ServingSettings, watch: Connections, tls: ssl.SSLContext | None
) -> uvicorn.Config:
    protocol = cast("type[asyncio.Protocol]", partial(LimitedProtocol, watch=watch, tls=tls))
    headers = HEADERS if tls is None else {**HEADERS, **ONLY_ENCRYPTED}
    return uvicorn.Config(
        cast("Any", StandingHeaders(app, headers)),
        http=protocol,
        loop="asyncio",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        backlog=ACCEPTED_AT_ONCE,
        timeout_keep_alive=cast("int", settings.idle_seconds),
        h11_max_incomplete_event_size=settings.max_head_bytes,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
