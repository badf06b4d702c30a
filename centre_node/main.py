"""Builds a centre node. Run with `genshare node serve`."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Engine

from centre_node.access import NodeAccess, staff_token
from centre_node.connection.routes import router as connection_router
from centre_node.connection.service import Connection
from centre_node.connection.store import ConnectionStore
from centre_node.database import open_database
from centre_node.datasets.counting import count_apart
from centre_node.datasets.routes import router as datasets_router
from centre_node.datasets.service import Datasets
from centre_node.datasets.store import DatasetStore
from centre_node.jobs.options import WorkerOptions
from centre_node.jobs.preconditions import Preconditions
from centre_node.jobs.pruning import Kept
from centre_node.jobs.routes import router as jobs_router
from centre_node.jobs.service import Jobs, prune_daily
from centre_node.jobs.slots import Slots
from centre_node.jobs.store import JobStore
from centre_node.jobs.supervisor import JobLimits, Supervisor
from centre_node.ledger.routes import router as ledger_router
from centre_node.ledger.service import Releases
from centre_node.ledger.store import LEDGER, LedgerStore
from centre_node.mammography.datasets import DataFolders, data_folders
from centre_node.pages.data_routes import router as data_pages
from centre_node.pages.form_routes import router as form_pages
from centre_node.pages.generator_routes import router as generator_pages
from centre_node.pages.job_routes import router as job_pages
from centre_node.pages.parts import Parts
from centre_node.pages.receipt_routes import router as receipt_pages
from centre_node.pages.review_routes import router as review_pages
from centre_node.pages.settings_routes import router as settings_pages
from centre_node.pages.site import node_site
from centre_node.pages.start_routes import router as start_router
from centre_node.pages.study_routes import router as study_pages
from centre_node.privacy.errors import ReleasePolicyError
from centre_node.privacy.policy_file import policy_of
from centre_node.pulled.following import FollowedHubs, Follower
from centre_node.pulled.routes import router as pulled_router
from centre_node.pulled.service import GENERATORS, PulledGenerators
from centre_node.receipts.routes import router as receipts_router
from centre_node.receipts.service import StudyReceipts
from centre_node.reviewers import Reviewers
from centre_node.settings import Settings, visible_gpus
from centre_node.trust.routes import router as trust_router
from centre_node.trust.service import Renewal, TrustSettings
from node_api.examples import BODIES
from shared.access import Role, guard, requires
from shared.api_description import describe
from shared.api_page import add_api_page
from shared.body_limit import limit_bodies
from shared.errors import CannotServeError
from shared.head_requests import answer_head
from shared.health import alive, ready
from shared.hosts import check_hosts, host_names
from shared.problem_handlers import add_problem_handlers
from shared.rates import Guesses
from shared.version import genshare_version
from signing.errors import SigningError
from signing.keys import key_of
from signing.trust import TRUST_FILE, TrustStore
from web_pages.login_routes import login_router
from web_pages.logins import Logins
from web_pages.site import add_site
from web_pages.static_files import static_router

API = "/api/v1"
PAGES = (
    start_router,
    data_pages,
    job_pages,
    review_pages,
    receipt_pages,
    form_pages,
    generator_pages,
    study_pages,
    settings_pages,
)
ROUTERS = (
    datasets_router,
    connection_router,
    jobs_router,
    pulled_router,
    ledger_router,
    trust_router,
    receipts_router,
)


def create_app(
    settings: Settings, *, host: str | None = None, migrate_apart: bool = False
) -> FastAPI:
    """Wire settings, stores, services and routes; the worker is watched while the app runs.

    Args:
        host: What the server is told to listen on.
        migrate_apart: Whether a child process migrates the database; see `open_migrated`.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_database(settings.data_dir, apart=migrate_apart)
    jobs = JobStore(engine)
    check_policy(settings)
    folders = data_folders(settings.data_dir, settings.mammograms_dir, settings.lent_dir)

    follower = Follower(
        ConnectionStore(engine),
        FollowedHubs(engine),
        generators=settings.data_dir / GENERATORS,
        trust=TrustStore(settings.data_dir / TRUST_FILE),
        allow_unencrypted=settings.allow_unencrypted,
    )
    reviewers = Reviewers(
        {name: token.get_secret_value() for name, token in settings.reviewers.items()}
    )
    access = _access(settings, reviewers)
    app = FastAPI(
        title="genshare centre node",
        version=genshare_version(),
        docs_url=None,
        redoc_url=None,
        lifespan=_supervised(_supervisor(jobs, settings), follower, settings),
    )
    app.state.datasets = Datasets(
        DatasetStore(engine), folders, count=partial(count_apart, seconds=settings.register_seconds)
    )
    app.state.connection = Connection(
        ConnectionStore(engine), allow_unencrypted=settings.allow_unencrypted
    )
    app.state.trust = _trust(settings.data_dir, app.state.connection)
    app.state.pulled = PulledGenerators(settings.data_dir / GENERATORS, pulls=jobs.pulls)
    app.state.jobs = _jobs(jobs, app, settings)
    app.state.receipts = StudyReceipts(
        app.state.jobs.find, app.state.connection, app.state.trust.key
    )
    app.state.releases = Releases(
        LedgerStore(settings.data_dir / LEDGER),
        policy=partial(policy_of, settings.data_dir, settings.release_policy),
        check_training=app.state.jobs.find,
        folder=settings.data_dir,
        clock=_now,
    )
    health = (alive(), ready(engine, access=requires(Role.STAFF)))
    for router in (*health, *ROUTERS):
        app.include_router(router, prefix=API)
    app.state.reviewers = reviewers
    _show_pages(app, engine, settings, folders, access)
    answer_head(app)
    limit_bodies(app)
    check_hosts(app, host_names(settings.allowed_hosts, host))
    add_problem_handlers(app)
    describe(app, BODIES)
    add_api_page(app)
    guard(app, access.admit)
    return app


def _jobs(store: JobStore, app: FastAPI, settings: Settings) -> Jobs:
    folder, state = settings.data_dir / "jobs", app.state
    return Jobs(
        store,
        folder,
        clock=_now,
        check=Preconditions(store, state.datasets, state.connection, state.pulled, folder=folder),
        kept=Kept(settings.keep_artifacts_days, settings.keep_artifacts_bytes),
        on_unsent=LedgerStore(settings.data_dir / LEDGER).turned_away,
    )


def _supervisor(store: JobStore, settings: Settings) -> Supervisor:
    options = WorkerOptions(
        data_dir=settings.data_dir,
        mammograms_dir=settings.mammograms_dir,
        lent_dir=settings.lent_dir,
        policy=settings.release_policy,
        allow_unencrypted=settings.allow_unencrypted,
        review=settings.review,
        retry_seconds=settings.retry_seconds,
        idle_seconds=settings.worker_idle_seconds,
    )
    return Supervisor(store, options, clock=_now, slots=_slots(settings), limits=_limits(settings))


def _slots(settings: Settings) -> Slots:
    return Slots(
        processors=len(os.sched_getaffinity(0)),
        light=settings.light_jobs,
        heavy=settings.heavy_jobs,
        gpus=visible_gpus(),
    )


def _limits(settings: Settings) -> JobLimits:
    return JobLimits(
        time=None if settings.job_hours is None else timedelta(hours=settings.job_hours),
        memory_bytes=None if settings.job_memory_gb is None else int(settings.job_memory_gb * 1e9),
    )


def _supervised(
    supervisor: Supervisor, follower: Follower, settings: Settings
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Return the life of a node: its worker is watched, its hub followed, its artifacts pruned."""

    @asynccontextmanager
    async def supervised(app: FastAPI) -> AsyncIterator[None]:
        tasks = (
            asyncio.create_task(follower.follow_for_ever(settings.events_seconds)),
            asyncio.create_task(prune_daily(app.state.jobs)),
        )
        supervisor.start()
        renewal = Renewal(app.state.trust)
        renewal.start()
        yield
        for task in tasks:
            task.cancel()
        renewal.stop()
        supervisor.stop()

    return supervised


def _trust(folder: Path, connection: Connection) -> TrustSettings:
    """Return the node's key, made at its first start, and whose keys it trusts.

    Raises:
        CannotServeError: Either file cannot be used.
    """
    trust = TrustStore(folder / TRUST_FILE)
    try:
        trust.read()
        return TrustSettings(key_of(folder), trust, connection)
    except SigningError as error:
        raise CannotServeError(str(error)) from error


def check_policy(settings: Settings) -> None:
    """Refuse to start with a policy that says nothing: jobs would find out hours later.

    Raises:
        CannotServeError: The file cannot be read, or is none.
    """
    try:
        policy_of(settings.data_dir, settings.release_policy)
    except ReleasePolicyError as error:
        raise CannotServeError(str(error)) from error


def _show_pages(
    app: FastAPI, engine: Engine, settings: Settings, folders: DataFolders, access: NodeAccess
) -> None:
    """Add what people see; programs have the API."""
    site = node_site(logins(engine))
    add_site(app, site)
    app.state.parts = Parts(
        site=site,
        settings=settings,
        folders=folders,
        jobs=app.state.jobs,
        datasets=app.state.datasets,
        connection=app.state.connection,
        pulled=app.state.pulled,
        releases=app.state.releases,
        receipts=app.state.receipts,
        key=app.state.trust.key,
        access=access,
        reviewers=app.state.reviewers,
    )
    for router in (login_router(), static_router(), *PAGES):
        app.include_router(router)


def logins(engine: Engine) -> Logins:
    """Return who may log in to the pages."""
    return Logins(engine, clock=_now)


def _access(settings: Settings, reviewers: Reviewers) -> NodeAccess:
    guesses = Guesses(
        settings.wrong_tokens_per_minute,
        settings.all_wrong_tokens_per_minute,
        clock=time.monotonic,
    )
    return NodeAccess(staff_token(settings), guesses, reviewers)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
