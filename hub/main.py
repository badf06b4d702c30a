"""Builds the hub. Run with `genshare hub serve`."""

from datetime import UTC, datetime

from anyio import CapacityLimiter
from fastapi import FastAPI
from sqlalchemy import Engine

from hub.centres.routes import router as centres_router
from hub.centres.service import Centres
from hub.centres.store import CentreStore
from hub.database import open_database
from hub.registry.blobs import BlobStore
from hub.registry.inspections import Inspections
from hub.registry.routes import router as registry_router
from hub.registry.service import Registry
from hub.registry.store import VersionStore
from hub.settings import Settings
from shared.api_page import add_api_page
from shared.body_limit import limit_bodies
from shared.health import alive, ready
from shared.problem_handlers import add_problem_handlers
from shared.problems import Problem
from shared.version import genshare_version

API = "/api/v1"
PUBLISHED_AT_ONCE = 2  # each reads whole files; more would leave no processor to the rest


def create_app(settings: Settings) -> FastAPI:
    """Wire settings, stores, services and routes. Nothing happens at import time."""
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
    app.state.centres = centres(engine, settings)
    inspections = Inspections(engine, blobs)
    app.state.registry = Registry(VersionStore(engine), blobs, inspections, clock=_now)
    app.state.publishing = CapacityLimiter(PUBLISHED_AT_ONCE)
    for router in (alive(), ready(engine), centres_router, registry_router):
        app.include_router(router, prefix=API)
    limit_bodies(app, streamed=(f"PUT {API}/blobs/",))
    add_problem_handlers(app)
    add_api_page(app)
    return app


def centres(engine: Engine, settings: Settings) -> Centres:
    """Return the enrolment service on a database."""
    admin_token = settings.admin_token.get_secret_value() if settings.admin_token else None
    return Centres(CentreStore(engine), admin_token=admin_token, clock=_now)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
