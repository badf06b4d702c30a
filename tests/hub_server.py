"""The real hub on a loopback port, in a thread."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.main import create_app
from hub.settings import Settings
from shared.hub_client import HubClient, connect
from shared.server import Server
from shared.serving import listening

ADMIN_TOKEN = "admin-of-the-tests"


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
    options = {"data_dir": data_dir, "admin_token": ADMIN_TOKEN, **settings}
    chosen = Settings.model_validate(options)
    server = Server(create_app(chosen), chosen)
    with listening("127.0.0.1", 0) as listeners:
        port = listeners[0].getsockname()[1]
        thread = threading.Thread(target=server.run, args=[listeners])
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the hub did not start"
                time.sleep(0.01)
            yield RunningHub(f"{server.scheme}://127.0.0.1:{port}", data_dir)
        finally:
            server.should_exit = True
            thread.join()
