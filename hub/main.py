"""Builds the hub. Run with `genshare hub serve`."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from anyio import CapacityLimiter
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import Engine

from hub.aliases.routes import router as aliases_router
from hub.aliases.service import Aliases
from hub.aliases.store import AliasStore
from hub.audit_log.fetchers import Fetchers
from hub.audit_log.fetches import Fetches
from hub.audit_log.logins import tell_login
from hub.audit_log.refusals import Refusals, add_refusals
from hub.audit_log.routes import router as log_router
from hub.audit_log.store import LogStore
from hub.centres.access import HubAccess
from hub.centres.routes import router as centres_router
from hub.centres.service import Centres
from hub.centres.store import CentreStore
from hub.data_folder import BLOBS
from hub.errors import HubDiskFullError
from hub.events.routes import router as events_router
from hub.events.service import Events
from hub.events.store import EventStore
from hub.examples import EXAMPLES
from hub.joining.routes import router as joining_router
from hub.joining.service import Joining, JoinTokens
from hub.joining.store import JoinTokenStore
from hub.keeping import open_engine, open_shelf
from hub.life_cycle.approval import RULES, Approval, approval_of
from hub.life_cycle.routes import router as life_cycle_router
from hub.life_cycle.service import LifeCycle
from hub.life_cycle.store import StateStore
from hub.metrics.counting import CountedRequests, RequestCounts
from hub.metrics.holdings import Holdings
from hub.metrics.routes import router as metrics_router
from hub.pages.routes import router as pages_router
from hub.pages.service import PageService
from hub.pages.site import hub_site
from hub.pages.store import Shown
from hub.receipts.routes import router as receipts_router
from hub.receipts.service import Receipts
from hub.receipts.store import ReceiptStore
from hub.registry.blobs import INCOMING, BlobStore, UploadLimits
from hub.registry.cleaning import Cleaner
from hub.registry.inspections import Inspections
from hub.registry.quotas import Quotas, Usage
from hub.registry.routes import router as registry_router
from hub.registry.service import Registry
from hub.registry.store import VersionStore
from hub.registry.stored_files import StoredFiles
from hub.settings import Settings
from hub.signatures.approval import SIGNED, signed_rule
from hub.signatures.routes import router as signatures_router
from hub.signatures.service import Signatures
from hub.signatures.store import SignatureStore
from shared.access import guard, open_to_anyone
from shared.api_description import describe
from shared.api_page import add_api_page
from shared.body_limit import limit_bodies
from shared.errors import CannotServeError, FolderInUseError, NotWritableError
from shared.files import alone_in
from shared.head_requests import answer_head
from shared.health import alive, ready
from shared.hosts import check_hosts, host_names
from shared.problem_handlers import add_problem_handlers
from shared.rates import Guesses, Rates
from shared.version import genshare_version
from web_pages.login_routes import login_router
from web_pages.logins import Logins
from web_pages.site import add_site
from web_pages.static_files import static_router

API = "/api/v1"
ROUTERS = (
    centres_router,
    joining_router,
    registry_router,
    signatures_router,
    receipts_router,
    life_cycle_router,
    aliases_router,
    events_router,
    log_router,
)
PUBLISHED_AT_ONCE = 2  # each reads whole files; more would leave no processor to the rest


def create_app(
    settings: Settings, *, host: str | None = None, migrate_apart: bool = False
) -> FastAPI:
    """Wire settings, stores, services and routes. Nothing happens at import time.

    Args:
        host: What the server is told to listen on.
        migrate_apart: Whether a child process migrates the database; see `open_migrated`.
    """
    folder = settings.data_dir / BLOBS
    folder.mkdir(parents=True, exist_ok=True)
    alone = _alone(folder)
    engine = open_engine(settings, apart=migrate_apart)
    blobs, cleaner = _files(engine, folder, settings)
    app = FastAPI(
        title="genshare hub",
        version=genshare_version(),
        docs_url=None,
        redoc_url=None,
        lifespan=_cleaned(cleaner, alone),
    )
    app.state.centres = centres(engine)
    versions = VersionStore(engine, most_of_a_centre=settings.max_versions_per_centre)
    life_cycle = LifeCycle(StateStore(engine), _approval(engine, settings), clock=_now)
    app.state.life_cycle = life_cycle
    app.state.aliases = Aliases(AliasStore(engine), clock=_now)
    inspections = Inspections(engine, blobs)
    app.state.registry = Registry(versions, blobs, inspections, life_cycle, clock=_now)
    app.state.signatures = Signatures(SignatureStore(engine), app.state.registry, clock=_now)
    app.state.receipts = Receipts(
        ReceiptStore(engine), app.state.registry, app.state.signatures, clock=_now
    )
    app.state.joining = Joining(join_tokens(engine), app.state.centres, app.state.signatures)
    log = LogStore(engine)
    app.state.log = log
    app.state.fetchers = Fetchers(engine)
    app.state.events = Events(EventStore(engine))
    app.state.fetches = Fetches(log, clock=time.monotonic, now=_now)
    app.state.publishing = CapacityLimiter(PUBLISHED_AT_ONCE)
    health = (
        alive(),
        ready(engine, access=open_to_anyone(), check=partial(_check_writable, blobs)),
    )
    for router in (*health, *ROUTERS):
        app.include_router(router, prefix=API)
    app.include_router(metrics_router)
    _show_pages(app, engine, settings)
    answer_head(app)
    limit_bodies(app, streamed=(f"PUT {API}/blobs/",))
    _answer_to_names(app, settings, host)
    add_problem_handlers(app)
    _count(app, engine, log)
    describe(app, EXAMPLES)
    add_api_page(app)
    guard(app, _access(engine, settings).admit)
    return app


def _approval(engine: Engine, settings: Settings) -> Approval:
    """Return what a version needs before others see it."""
    return approval_of(settings.approval, {**RULES, SIGNED: signed_rule(SignatureStore(engine))})


def _cleaned(
    cleaner: Cleaner, alone: ExitStack
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Return the life of a hub, which keeps its files to itself and cleans them all along."""

    @asynccontextmanager
    async def cleaned(_app: FastAPI) -> AsyncIterator[None]:
        with alone:
            cleaning = asyncio.create_task(cleaner.clean_for_ever())
            yield
            cleaning.cancel()

    return cleaned


def _answer_to_names(app: FastAPI, settings: Settings, host: str | None) -> None:
    """Settle by which names callers reach the hub, and what links in its answers begin with."""
    public_url = str(settings.public_url) if settings.public_url else None
    app.state.public_url = (public_url or "").rstrip("/")
    check_hosts(app, host_names(settings.allowed_hosts, host, public_url))


def _count(app: FastAPI, engine: Engine, log: LogStore) -> None:
    """Have what is refused written down, and all that happens counted."""
    metrics = CollectorRegistry()
    metrics.register(Holdings(engine))
    refused = Counter(
        "genshare_hub_refused", "Refusals by their code.", ("code",), registry=metrics
    )
    refusals = Refusals(log, clock=time.monotonic, now=_now)
    add_refusals(app, refusals, on_refusal=lambda code: refused.labels(code).inc())
    app.add_middleware(CountedRequests, counts=RequestCounts(metrics))
    app.state.metrics = metrics


def _show_pages(app: FastAPI, engine: Engine, settings: Settings) -> None:
    """Add what people see; programs have the API."""
    state = app.state
    state.shown = Shown(engine)
    state.pages = PageService(state.shown, state.registry, state.life_cycle, state.aliases)
    public_url = str(settings.public_url) if settings.public_url else ""
    is_enrolled = CentreStore(engine).is_enrolled
    add_site(app, hub_site(logins(engine), is_enrolled=is_enrolled, public_url=public_url))
    for router in (login_router(), static_router(), pages_router):
        app.include_router(router)


def logins(engine: Engine) -> Logins:
    """Return who may log in to the pages."""
    return Logins(engine, clock=_now, on_login=tell_login)


def centres(engine: Engine) -> Centres:
    """Return the enrolment service on a database."""
    return Centres(CentreStore(engine), clock=_now)


def join_tokens(engine: Engine) -> JoinTokens:
    """Return the tokens with which centres may join."""
    return JoinTokens(JoinTokenStore(engine), clock=_now)


def _alone(folder: Path) -> ExitStack:
    """Keep other hubs out of a folder until what is returned is closed."""
    alone = ExitStack()
    try:
        alone.enter_context(alone_in(folder))
    except FolderInUseError as error:
        message = f"another hub serves the folder {folder.parent}; stop it, or name another folder"
        raise CannotServeError(message) from error
    return alone


def _files(engine: Engine, folder: Path, settings: Settings) -> tuple[BlobStore, Cleaner]:
    files = StoredFiles(engine)
    most = Usage(settings.max_bytes_per_centre, settings.max_files_per_centre)
    quotas = Quotas(most, files.usage)
    shelf = open_shelf(settings, files, scratch=folder / INCOMING)
    limits = UploadLimits(
        max_file_bytes=settings.max_file_bytes,
        reserve_bytes=settings.reserve_bytes,
        stall_seconds=settings.upload_stall_seconds,
    )
    blobs = BlobStore(folder, shelf, limits=limits, files=files, quotas=quotas)
    cleaner = Cleaner(
        blobs,
        files,
        orphan_seconds=settings.orphan_hours * 3600,
        stalled_seconds=settings.upload_stall_seconds + 600,
        clock=time.time,
    )
    return blobs, cleaner


def _check_writable(blobs: BlobStore) -> None:
    try:
        blobs.check_writable()
    except HubDiskFullError as error:
        raise NotWritableError("the hub can be read but not written: its disk is full") from error


def _access(engine: Engine, settings: Settings) -> HubAccess:
    return HubAccess(
        CentreStore(engine),
        joining=join_tokens(engine).owner,
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
