"""A real hub behind a proxy that changes some of its answers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

Change = Callable[[bytes], bytes | None]
"""Returns another body; None: there is no such thing (404)."""

MISSING = {
    "title": "No such thing",
    "status": 404,
    "detail": "it is not here",
    "code": "GS-1101",
    "hint": "",
    "request_id": "x",
}


@dataclass
class TamperingHub:
    """Passes requests on to a hub, and lies where it is told to.

    Attributes:
        lies: By the end of a path, what becomes of its answer.
        moved: By the end of a path, what is asked in its place.
        asked: Every path that was, in order.
    """

    behind: str
    url: str = ""
    lies: dict[str, Change] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str, headers: dict[str, str]) -> httpx.Response:
        self.asked.append(path)
        for end, instead in self.moved.items():
            if path.endswith(end):
                path = path.removesuffix(end) + instead
        return httpx.get(self.behind + path, headers=headers)


def changed(**fields: Any) -> Change:
    """Return the lie that replaces fields of a JSON object."""
    return lambda body: json.dumps(json.loads(body) | fields).encode()


def hidden(_body: bytes) -> None:
    """Say that there is none."""


def always(body: bytes) -> Change:
    """Return the lie that answers the same whatever happens."""
    return lambda _now: body


class _Proxy(BaseHTTPRequestHandler):
    hub: TamperingHub

    def do_GET(self) -> None:
        sent = {"Authorization": self.headers["Authorization"]}
        if "Range" in self.headers:
            sent["Range"] = self.headers["Range"]
        answer = self.hub.answer(self.path, sent)
        body: bytes | None = answer.content
        status, kind = answer.status_code, answer.headers.get("Content-Type", "")
        for end, change in self.hub.lies.items():
            if self.path.endswith(end):
                body = change(answer.content)
                status = 200 if body is not None else 404
        if body is None:
            body, kind = json.dumps(MISSING).encode(), "application/problem+json"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def tampering(behind: str) -> Iterator[TamperingHub]:
    hub = TamperingHub(behind)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Proxy", (_Proxy,), {"hub": hub}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
