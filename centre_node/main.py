"""Builds a centre node. Run with `genshare node serve`."""

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, FastAPI, Header

from centre_node.connection.routes import router as connection_router
from centre_node.connection.service import Connection
from centre_node.connection.store import ConnectionStore
from centre_node.database import open_database
from centre_node.datasets.routes import router as datasets_router
from centre_node.datasets.service import Datasets
from centre_node.datasets.store import DatasetStore
from centre_node.errors import NotAllowedError
from centre_node.jobs.routes import router as jobs_router
from centre_node.jobs.service import Jobs, Supervisor
from centre_node.jobs.store import JobStore
from centre_node.mammography.datasets import data_folders
from centre_node.settings import Settings
from shared.api_page import add_api_page
from shared.body_limit import limit_bodies
from shared.health import alive, ready
from shared.problem_handlers import add_problem_handlers
from shared.problems import Problem
from shared.version import genshare_version

API = "/api/v1"


def create_app(settings: Settings) -> FastAPI:
    """Wire settings, stores, services and routes; the worker is watched while the app runs."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_database(settings.data_dir)
    jobs = JobStore(engine)
    supervisor = Supervisor(jobs, settings.data_dir, clock=_now)
    folders = data_folders(settings.data_dir, settings.mammograms_dir, settings.lent_dir)

    @asynccontextmanager
    async def supervised(_app: FastAPI) -> AsyncIterator[None]:
        supervisor.start(folders)
        yield
        supervisor.stop()

    app = FastAPI(
        title="genshare centre node",
        version=genshare_version(),
        docs_url=None,
        redoc_url=None,
        lifespan=supervised,
        responses={"default": {"model": Problem, "description": "A problem (RFC 9457)"}},
    )
    app.state.datasets = Datasets(DatasetStore(engine), folders)
    app.state.connection = Connection(ConnectionStore(engine))
    app.state.jobs = Jobs(jobs, settings.data_dir / "jobs", clock=_now)
    app.include_router(alive(), prefix=API)
    for router in (ready(engine), datasets_router, connection_router, jobs_router):
        app.include_router(router, prefix=API, dependencies=[Depends(TokenGate(settings))])
    limit_bodies(app)
    add_problem_handlers(app)
    add_api_page(app)
    return app


class TokenGate:
    """Asks callers for the node's token, where one is set."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token.get_secret_value() if settings.token else None

    def __call__(self, authorization: Annotated[str | None, Header()] = None) -> None:
        """Let a request pass.

        Raises:
            NotAllowedError: The token is missing or wrong.
        """
        expected = f"Bearer {self._token}".encode()
        sent = (authorization or "").encode()
        if self._token is not None and not hmac.compare_digest(sent, expected):
            raise NotAllowedError("this node's token is missing or wrong")


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
