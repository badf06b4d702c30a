"""The real hub on a loopback port, in a thread."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from hub.main import create_app
from hub.settings import Settings
from shared.hub_client import HubClient, connect

ADMIN_TOKEN = "admin-of-the-tests"
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

    def invited(self, centre: str) -> HubClient:
        return self.client(self.client().invite(centre, renew=True))


@contextmanager
def running_hub(data_dir: Path, **settings: object) -> Iterator[RunningHub]:
    # The protocol is named, for asyncio sends small answers at once only where it is.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    options = {"data_dir": data_dir, "admin_token": ADMIN_TOKEN, **UNLIMITED, **settings}
    app = create_app(Settings.model_validate(options))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the hub did not start"
            time.sleep(0.01)
        yield RunningHub(f"http://127.0.0.1:{port}", data_dir)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
