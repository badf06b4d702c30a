"""Builds the hub. Run with `genshare hub serve`."""

import time
from datetime import UTC, datetime

from fastapi import FastAPI
from sqlalchemy import Engine

from hub.centres.access import HubAccess
from hub.centres.routes import router as centres_router
from hub.centres.service import Centres
from hub.centres.store import CentreStore
from hub.database import open_database
from hub.registry.blobs import BlobStore
from hub.registry.routes import router as registry_router
from hub.registry.service import Registry
from hub.registry.store import VersionStore
from hub.settings import Settings
from shared.access import guard, open_to_anyone
from shared.api_page import add_api_page
from shared.body_limit import limit_bodies
from shared.head_requests import answer_head
from shared.health import alive, ready
from shared.hosts import check_hosts, host_names
from shared.problem_handlers import add_problem_handlers
from shared.problems import Problem
from shared.rates import Guesses, Rates
from shared.version import genshare_version

API = "/api/v1"


def create_app(settings: Settings, *, host: str | None = None) -> FastAPI:
    """Wire settings, stores, services and routes. Nothing happens at import time.

    Args:
        host: What the server is told to listen on.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_database(settings.data_dir / "hub.sqlite")
    blobs = BlobStore(settings.data_dir / "blobs", max_file_bytes=settings.max_file_bytes)
    app = FastAPI(
        title="genshare hub",
        version=genshare_version(),
        docs_url=None,
        redoc_url=None,
        responses={"default": {"model": Problem, "description": "A problem (RFC 9457)"}},
    )
    app.state.centres = centres(engine)
    app.state.registry = Registry(VersionStore(engine), blobs, clock=_now)
    health = (alive(), ready(engine, access=open_to_anyone()))
    for router in (*health, centres_router, registry_router):
        app.include_router(router, prefix=API)
    answer_head(app)
    limit_bodies(app, streamed=(f"PUT {API}/blobs/",))
    public_url = str(settings.public_url) if settings.public_url else None
    check_hosts(app, host_names(settings.allowed_hosts, host, public_url))
    add_problem_handlers(app)
    add_api_page(app)
    guard(app, _access(engine, settings).admit)
    return app


def centres(engine: Engine) -> Centres:
    """Return the enrolment service on a database."""
    return Centres(CentreStore(engine), clock=_now)


def _access(engine: Engine, settings: Settings) -> HubAccess:
    return HubAccess(
        CentreStore(engine),
        admin_token=settings.admin_token.get_secret_value() if settings.admin_token else None,
        guesses=Guesses(
            settings.wrong_tokens_per_minute,
            settings.all_wrong_tokens_per_minute,
            clock=time.monotonic,
        ),
        requests=Rates(settings.requests_per_minute, clock=time.monotonic),
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
