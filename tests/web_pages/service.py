"""A small service with pages, and a clock that a test moves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from fastapi import APIRouter, FastAPI, Request, Response
from sqlalchemy import Engine, create_engine

from shared.access import Caller, Role, guard, requires
from shared.problem_handlers import add_problem_handlers
from shared.serving_settings import ServingSettings
from tests.hub_server import serving
from web_pages.login_routes import login_router
from web_pages.logins import Logins
from web_pages.routing import PageRoute
from web_pages.schema import METADATA
from web_pages.site import Section, Site, add_site
from web_pages.static_files import static_router

STAFF = frozenset({Role.STAFF})
SOMEONE = Caller("someone", Role.STAFF)


@dataclass
class Clock:
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))

    def __call__(self) -> datetime:
        return self.now

    def pass_minutes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


def engine_with_logins(folder: Path) -> Engine:
    engine = create_engine(f"sqlite:///{folder / 'logins.sqlite'}")
    METADATA.create_all(engine)
    return engine


@dataclass(frozen=True)
class Service:
    url: str
    logins: Logins
    clock: Clock
    changes: list[str]

    def browser(self, caller: Caller | None = None) -> httpx.Client:
        """Return a client that behaves as a browser on one of the service's pages."""
        headers = {"Accept": "text/html", "Origin": self.url, "Sec-Fetch-Site": "same-origin"}
        browser = httpx.Client(base_url=self.url, headers=headers)
        if caller is not None:
            browser.post("/login", data={"once": self.logins.new_link(caller)})
        return browser


@contextmanager
def running_service(
    folder: Path,
    *,
    known: set[str] | None = None,
    public_url: str = "",
    settings: ServingSettings | None = None,
) -> Iterator[Service]:
    clock, changes = Clock(), []
    logins = Logins(engine_with_logins(folder), clock=clock)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    site = Site(
        title="a service",
        package="web_pages",
        sections=(Section("Data", "/data", STAFF),),
        start="/data",
        login_command="some command",
        logins=logins,
        is_known=lambda caller: known is None or caller.name in known,
        public_url=public_url,
    )
    router = APIRouter(route_class=PageRoute, dependencies=[requires(*STAFF, purpose="see data")])

    @router.get("/data")
    def show(request: Request) -> Response:
        return site.page(request, "login.html.j2", once="<script>alert(1)</script>")

    @router.post("/data")
    def change() -> Response:
        changes.append("changed")
        return Response(status_code=204)

    for part in (login_router(), static_router(), router):
        app.include_router(part)
    add_problem_handlers(app)
    add_site(app, site)
    guard(app, lambda _call: SOMEONE)  # whatever a token says opens no page
    with serving(app, settings or ServingSettings()) as url:
        yield Service(url, logins, clock, changes)
