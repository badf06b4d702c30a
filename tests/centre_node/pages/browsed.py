"""A node in a thread that does no jobs, and clients that behave as a browser of its staff."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine

from centre_node.database import open_database
from centre_node.main import create_app, logins
from centre_node.settings import Settings
from shared.access import Caller, Role
from tests.hub_server import serving

STAFF = Caller("Dr Ada", Role.STAFF)


@dataclass(frozen=True)
class BrowsedNode:
    url: str
    data_dir: Path
    engine: Engine

    def browser(self, caller: Caller | None = STAFF) -> httpx.Client:
        headers = {"Accept": "text/html", "Origin": self.url, "Sec-Fetch-Site": "same-origin"}
        browser = httpx.Client(base_url=self.url, headers=headers, timeout=30)
        if caller is not None:
            link = logins(self.engine).new_link(caller)
            browser.post("/login", data={"once": link})
        return browser


@asynccontextmanager
async def _without_a_worker(_app: object) -> AsyncIterator[None]:
    yield


@contextmanager
def browsed_node(data_dir: Path, **settings: Any) -> Iterator[BrowsedNode]:
    chosen = Settings(data_dir=data_dir, **settings)
    app = create_app(chosen)
    app.router.lifespan_context = _without_a_worker
    with serving(app, chosen) as url:
        yield BrowsedNode(url, data_dir, open_database(data_dir))
