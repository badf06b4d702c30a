"""How soon a hub answers while callers flood it, and how much memory that takes.

    python benchmarks/floods.py

For each flood a hub starts with 1,024 file descriptors and its default limits. 1,100 callers come
one after the other and none leaves: they say nothing, send half a request's head, half a body or an
upload, some with a centre's token, or what is no HTTP. Another caller asks for `/healthz` all the
while, each time by a new connection. Each line has how often it asked, the median and the longest
time to the answer, how often none came within ten seconds or it was refused, and the most memory
that the hub held. What other processes there were is told by the load.
"""

import os
import resource
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import exchange_servers as servers
import httpx
import typer
from exchange_servers import ADMIN_TOKEN, Server

from shared.hub_client import connect

DESCRIPTORS, CALLERS = 1_024, 1_100
PATIENCE_SECONDS, PAUSE_SECONDS, AFTER_SECONDS = 10.0, 0.02, 3.0
BODY = (
    b"POST /api/v1/blobs/missing HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 900000\r\n"
)
UPLOAD = (
    b"PUT /api/v1/blobs/" + b"0" * 64 + b" HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: 1000000\r\n"
)
KNOWN = b"Authorization: Bearer {token}\r\n"
FLOODS = {
    "silent": b"",
    "half a head": b"GET /api/v1/healthz HTTP/1.1\r\nHost: localhost\r\n",
    "half a body": BODY + b"\r\n" + b" " * 600_000,
    "half a body with a token": BODY + KNOWN + b"\r\n" + b" " * 600_000,
    "half an upload with a token": UPLOAD + KNOWN + b"\r\n" + b" " * 900_000,
    "rubbish": b"\x16\x03\x01\x00 rubbish\r\n\r\n",
}
"""What each caller sends."""


def main() -> None:
    """Measure every flood, and print it."""
    _allow_files(2 * CALLERS + DESCRIPTORS)
    _tell_load()
    for name, content in FLOODS.items():
        with (
            tempfile.TemporaryDirectory() as scratch,
            servers.hub(Path(scratch) / "hub", descriptors=DESCRIPTORS) as hub,
        ):
            token = connect(hub.url, ADMIN_TOKEN).invite("centre-b")
            with _watched(hub) as health:
                _flood(hub, content.replace(b"{token}", token.encode()))
        typer.echo(health.told(name))
    _tell_load()


@dataclass
class Health:
    """What one caller met who asked again and again."""

    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0
    most_mb: float = 0.0

    def told(self, name: str) -> str:
        """Return a line on it."""
        return (
            f"{name}: asked {len(self.seconds) + self.unanswered} times, "
            f"median {statistics.median(self.seconds) * 1000:.0f} ms, "
            f"longest {max(self.seconds) * 1000:.0f} ms, unanswered {self.unanswered}; "
            f"at most {self.most_mb:.0f} MB"
        )


def _flood(hub: Server, content: bytes) -> None:
    address = httpx.URL(hub.url)
    with ExitStack() as stack:
        for _ in range(CALLERS):
            with suppress(OSError):  # it may be refused, or cut while it sends
                caller = socket.create_connection(
                    (address.host, address.port or 0), timeout=PATIENCE_SECONDS
                )
                stack.enter_context(caller).sendall(content)
        time.sleep(AFTER_SECONDS)


@contextmanager
def _watched(hub: Server) -> Iterator[Health]:
    """Ask for the hub's health in a thread for as long as the block lasts."""
    health, done = Health(), threading.Event()
    thread = threading.Thread(target=_ask, args=[hub, health, done])
    thread.start()
    try:
        yield health
    finally:
        done.set()
        thread.join()


def _ask(hub: Server, health: Health, done: threading.Event) -> None:
    while not done.wait(PAUSE_SECONDS):
        began = time.perf_counter()
        try:
            _ask_once(httpx.URL(hub.url))
        except (OSError, HTTPException):
            health.unanswered += 1
        else:
            health.seconds.append(time.perf_counter() - began)
        health.most_mb = max(health.most_mb, hub.resident_mb())


def _ask_once(url: httpx.URL) -> None:
    """Ask by a new connection, and by a client that costs little beside the hub."""
    with closing(HTTPConnection(url.host, url.port, timeout=PATIENCE_SECONDS)) as connection:
        connection.request("GET", "/api/v1/healthz")
        response = connection.getresponse()
        if response.status != HTTPStatus.OK:
            raise HTTPException(f"HTTP {response.status}")


def _allow_files(count: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, most), most))


def _tell_load() -> None:
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    typer.echo(f"load {load} on {os.cpu_count()} processors")


if __name__ == "__main__":
    typer.run(main)
