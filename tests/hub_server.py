"""The real hub on a loopback port, in a thread."""

import re
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
from sqlalchemy import Engine
from starlette.types import ASGIApp

from hub.audit_log.verification import Verification, Verifier
from hub.centres.callers import operator
from hub.database import open_database
from hub.keeping import open_engine, open_shelf
from hub.main import create_app, logins
from hub.registry.stored_files import StoredFiles
from hub.settings import Settings
from shared.access import Caller, Role
from shared.hub_client import HubClient, connect
from shared.records import LogHead
from shared.server import Server
from shared.serving import listening
from shared.serving_settings import ServingSettings

ADMIN_TOKEN = "admin-of-the-tests"
OPERATOR = operator().name
# Tests ask more than anyone may, and write names into `Host` by hand.
UNLIMITED = {
    "wrong_tokens_per_minute": 1_000_000,
    "all_wrong_tokens_per_minute": 1_000_000,
    "requests_per_minute": 1_000_000,
    "allowed_hosts": "hub,x",
}


@dataclass(frozen=True)
class RunningHub:
    url: str
    data_dir: Path

    def client(self, token: str | None = ADMIN_TOKEN) -> HubClient:
        return connect(self.url, token)

    def browser(self, name: str | None) -> httpx.Client:
        """Return a client that behaves as a browser, logged in for a centre or the operator."""
        headers = {"Accept": "text/html", "Origin": self.url, "Sec-Fetch-Site": "same-origin"}
        browser = httpx.Client(base_url=self.url, headers=headers)
        if name is not None:
            browser.post("/login", data={"once": self.login_link(name)})
        return browser

    def login_link(self, name: str) -> str:
        caller = operator() if name == OPERATOR else Caller(name, Role.READER)
        return logins(database_of(self.data_dir)).new_link(caller)

    def invited(self, centre: str) -> HubClient:
        return self.client(self.client().invite(centre, renew=True))


@cache
def empty_database() -> bytes:
    """Return the file of a hub in which nothing has happened; to make it takes a while."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hub.sqlite"
        open_database(file).dispose()
        return file.read_bytes()


def database_of(data_dir: Path) -> Engine:
    """Return an engine on the database that a hub of a folder has, wherever that is."""
    return open_engine(Settings(data_dir=data_dir))


def verified(data_dir: Path, *heads: LogHead) -> Verification:
    """Check a hub as `genshare hub verify` does; an older one is brought up to date first."""
    engine = database_of(data_dir)
    try:
        shelf = open_shelf(Settings(data_dir=data_dir), StoredFiles(engine))
        return Verifier(engine, shelf, on_progress=lambda _: None).verify(heads)
    finally:
        engine.dispose()


@contextmanager
def running_hub(data_dir: Path, **settings: object) -> Iterator[RunningHub]:
    """Run a hub; a new one begins with a copy of an empty hub's database."""
    options = {"data_dir": data_dir, "admin_token": ADMIN_TOKEN, **UNLIMITED, **settings}
    chosen = Settings.model_validate(options)
    database = data_dir / "hub.sqlite"
    if chosen.database_url is None and not database.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        database.write_bytes(empty_database())
    with serving(create_app(chosen), chosen) as url:
        yield RunningHub(url, data_dir)


@contextmanager
def serving(app: ASGIApp, settings: ServingSettings) -> Iterator[str]:
    """Serve an application in a thread, by the server that `genshare hub serve` starts."""
    server = Server(app, settings)
    with listening("127.0.0.1", 0) as listeners:
        port = listeners[0].getsockname()[1]
        thread = threading.Thread(target=server.run, args=[listeners])
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.01)
            yield f"{server.scheme}://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


def read_answer(connection: socket.socket) -> bytes:
    """Return the head and the body of one answer, whether or not the connection is closed then."""
    answer = b""
    while (length := re.search(rb"(?is)content-length: (\d+).*?\r\n\r\n", answer)) is None or len(
        answer
    ) < length.end() + int(length[1]):
        piece = connection.recv(65_536)
        if not piece:
            break
        answer += piece
    return answer
