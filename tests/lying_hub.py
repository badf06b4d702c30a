"""A hub on a loopback port that answers whatever a test wants."""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shared.hub_client import HubClient, connect
from shared.hub_exchange import HubLimits
from shared.packages import Package
from shared.problems import Problem
from shared.records import GeneratorVersion
from shared.repeats import Patience

PIECE = b"\0" * 65536
NO_SUCH_ROUTE = Problem(
    title="Not found",
    status=404,
    detail="there is nothing at this path",
    code="GS-0003",
    hint="See the service's API page",
    request_id="1",
)
MOST_UNDERWAY = 32 << 20  # what the buffers of both sockets can hold
ONCE = HubLimits(patience=Patience(()))
HASTY = HubLimits(
    call_seconds=0.3,
    moving_seconds=0.3,
    moving_bytes=1_000,
    listing_seconds=0.3,
    patience=Patience(()),
)
PAUSE_SECONDS = 0.02


@dataclass
class LyingHub:
    """Answers with the files of a package, or with what a test puts in their place.

    Attributes:
        files: Answers by the last part of the path.
        asked: The last part of every request's path.
        requests: Method, path and headers of every request.
        is_over: Ends what drips.
        before: Called before each answer.
    """

    package: Package
    files: dict[str, Callable[["Answer"], None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    sent_bytes: int = 0
    url: str = ""
    is_over: threading.Event = field(default_factory=threading.Event)
    before: Callable[[], object] = lambda: None

    @property
    def client(self) -> HubClient:
        return self.patient(ONCE)

    def patient(self, limits: HubLimits) -> HubClient:
        return connect(self.url, None, limits)

    @property
    def record(self) -> GeneratorVersion:
        return self.changed()

    def changed(self, **update: Any) -> GeneratorVersion:
        """Return the package's record with some of it changed."""
        honest = GeneratorVersion(
            centre=self.package.card.centre,
            name=self.package.card.name,
            version=1,
            published_at=datetime(2022, 3, 1, tzinfo=UTC),
            manifest_digest=self.package.digest,
            manifest=self.package.manifest,
            card=self.package.card,
        )
        return honest.model_copy(update=update)


class Answer(BaseHTTPRequestHandler):
    hub: LyingHub

    def do_GET(self) -> None:
        self.hub.before()
        name = self.path.rsplit("/", 1)[-1]
        name = "missing" if name.startswith("missing?") else name
        self.hub.asked.append(name)
        self.hub.requests.append((self.command, self.path, dict(self.headers)))
        if name in self.hub.files:
            self.hub.files[name](self)
        elif (file := self.hub.package.folder / name).is_file():
            self.give(file.read_bytes())
        else:
            self.give(NO_SUCH_ROUTE.model_dump_json().encode(), status=404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_POST()

    def give(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def give_endlessly(self, status: int = 200) -> None:
        self.send_response(status)
        self.end_headers()
        self.repeat(PIECE)

    def repeat(self, piece: bytes) -> None:
        """Send the same again and again, until the other side has gone away."""
        try:
            while not self.hub.is_over.is_set():
                self.wfile.write(piece)
                self.hub.sent_bytes += len(piece)
        except ConnectionError:
            return

    def drip(self, pieces: Iterable[bytes]) -> None:
        """Send a piece now and then, until the other side has gone away."""
        try:
            for piece in pieces:
                self.wfile.write(piece)
                if self.hub.is_over.wait(PAUSE_SECONDS):
                    return
        except ConnectionError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Answering(ThreadingHTTPServer):
    def handle_error(self, *given: Any) -> None:
        """Say nothing of connections that the other side ended."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*given)


@contextmanager
def lying(package: Package) -> Iterator[LyingHub]:
    hub = LyingHub(package)
    server = Answering(("127.0.0.1", 0), type("Answers", (Answer,), {"hub": hub}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        hub.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()
