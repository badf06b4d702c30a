"""Refuses requests that name another host, so that no web page can rebind its own name to us.

A page's script reaches what its own name resolves to. The browser then sends that name as `Host`,
and never an address or `localhost`, so those are safe to answer.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import WrongHostError
from shared.problem_handlers import problem_response

LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.IGNORECASE)


def check_hosts(app: FastAPI, names: Collection[str]) -> None:
    """Answer to loopback names, to the address that a connection came to, and to `names` only."""
    app.add_middleware(HostCheck, names=names)


def host_names(allowed: str, *addresses: str | None) -> frozenset[str]:
    """Return the names in a setting with commas, and those in URLs or what is listened on."""
    given = [*allowed.split(","), *(_host_of(address) for address in addresses if address)]
    return frozenset(name.strip().lower() for name in given if name.strip())


def _host_of(address: str) -> str:
    if "://" in address:
        name = urlsplit(address).hostname or ""
        return _bracketed(name)
    return _bracketed(address)


class HostCheck:
    """Looks at the header `Host` before anything else of a request."""

    def __init__(self, app: ASGIApp, *, names: Collection[str]) -> None:
        self._app = app
        self._names = LOOPBACK | set(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on that means this service."""
        if scope["type"] != "http" or self._is_meant(scope):
            await self._app(scope, receive, send)
            return
        error = WrongHostError("the request's Host is none of this service's names")
        await problem_response(Request(scope), error)(scope, receive, send)

    def _is_meant(self, scope: Scope) -> bool:
        sent = [value for name, value in scope["headers"] if name == b"host"]
        match = _HOST.fullmatch(sent[0].decode("latin-1")) if len(sent) == 1 else None
        if match is None:
            return False
        name = match[1].lower()
        came_to = _bracketed((scope.get("server") or ("",))[0])
        return name in self._names or name == came_to


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
