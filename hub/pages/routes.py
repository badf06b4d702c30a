"""Routes of the hub's pages: parse, read, show. No rules here."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status
from fastapi.responses import RedirectResponse
from pydantic import Field

from hub.audit_log.events import Action, Who
from hub.audit_log.routes import LogPage
from hub.audit_log.store import LogFilter, LogStore
from hub.errors import StatementNotFoundError
from hub.pages.site import EVERYONE, OPERATOR
from hub.pages.store import Order, Shown, Wanted
from hub.registry.service import Registry
from shared.access import Caller, requires
from shared.models import LARGEST_COUNT, StrictModel
from shared.names import LesionKind, Name
from shared.sample_grids import SAMPLES, grid_png, read_grid
from shared.statements import AuditStatement
from web_pages.card_wording import ARCHITECTURES, KINDS, ORDERS
from web_pages.routing import PageRoute
from web_pages.site import Site

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ENTRIES_OF_A_PAGE = 50
FOR_EVERYONE = [requires(*EVERYONE, purpose="read the hub's pages")]
Version = Annotated[int, Path(ge=1, le=999_999_999)]


async def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


async def _shown(request: Request) -> Shown:
    shown: Shown = request.app.state.shown
    return shown


async def _registry(request: Request) -> Registry:
    registry: Registry = request.app.state.registry
    return registry


async def _log(request: Request) -> LogStore:
    log: LogStore = request.app.state.log
    return log


SiteDep = Annotated[Site, Depends(_site)]
ShownDep = Annotated[Shown, Depends(_shown)]
RegistryDep = Annotated[Registry, Depends(_registry)]
LogDep = Annotated[LogStore, Depends(_log)]


class Asked(StrictModel):
    """How the list of generators is filtered and ordered; an empty field does not filter."""

    centre: Name | Literal[""] = ""
    kind: LesionKind | Literal[""] = ""
    architecture: Name | Literal[""] = ""
    order: Order = Order.NEWEST
    page: int = Field(1, ge=1, le=100_000)


class AskedLog(StrictModel):
    """Which entries of the audit log are shown; an empty field does not filter."""

    action: Action | Literal[""] = ""
    caller: Who | Literal[""] = ""
    centre: Name | Literal[""] = ""
    cursor: int | None = Field(None, ge=1, le=LARGEST_COUNT)


@router.get("/", dependencies=FOR_EVERYONE)
def show_start() -> Response:
    """Lead to the generators."""
    return RedirectResponse("/generators", status_code=status.HTTP_303_SEE_OTHER)


@router.get("/generators", dependencies=FOR_EVERYONE)
def show_generators(
    request: Request, site: SiteDep, shown: ShownDep, asked: Annotated[Asked, Query()]
) -> Response:
    """Show the generators, each with its newest version."""
    wanted = Wanted(asked.centre, asked.kind, asked.architecture, asked.order, asked.page)
    return site.page(
        request,
        "generators.html.j2",
        wanted=wanted,
        order_words=ORDERS,
        kind_words=KINDS,
        architecture_words=ARCHITECTURES,
        choices=shown.choices(),
        listed=shown.generators(wanted, request.state.caller),
    )


@router.get("/generators/{centre}/{name}", dependencies=FOR_EVERYONE)
def show_newest(
    request: Request,
    centre: Name,
    name: Name,
    site: SiteDep,
    shown: ShownDep,
    registry: RegistryDep,
) -> Response:
    """Show a generator's newest version."""
    return _generator(request, site, shown, registry, (centre, name, None))


@router.get("/generators/{centre}/{name}/{version}", dependencies=FOR_EVERYONE)
def show_version(
    request: Request,
    centre: Name,
    name: Name,
    version: Version,
    site: SiteDep,
    shown: ShownDep,
    registry: RegistryDep,
) -> Response:
    """Show one version of a generator."""
    return _generator(request, site, shown, registry, (centre, name, version))


@router.get("/generators/{centre}/{name}/{version}/samples.png", dependencies=FOR_EVERYONE)
def show_samples(
    centre: Name, name: Name, version: Version, request: Request, registry: RegistryDep
) -> Response:
    """Show a version's synthetic patches: its pixels alone, written anew."""
    found = registry.file(centre, name, version, SAMPLES, request.state.caller)
    picture = grid_png(read_grid(found.path.read_bytes()))
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private"})


@router.get("/centres", dependencies=FOR_EVERYONE)
def show_centres(request: Request, site: SiteDep, shown: ShownDep) -> Response:
    """Show the centres."""
    return site.page(request, "centres.html.j2", centres=shown.centres())


@router.get("/log", dependencies=[requires(*OPERATOR, purpose="read the audit log")])
def show_log(
    request: Request, site: SiteDep, log: LogDep, asked: Annotated[AskedLog, Query()]
) -> Response:
    """Show what happened, newest first."""
    wanted = LogFilter(asked.action or None, asked.caller or None, asked.centre or None)
    content, following = log.page(wanted, cursor=asked.cursor, limit=ENTRIES_OF_A_PAGE)
    return site.page(
        request,
        "log.html.j2",
        asked=asked,
        actions=list(Action),
        entries=[item.entry for item in LogPage.model_validate_json(content).items],
        following=following,
        head=log.head(),
    )


def _generator(
    request: Request,
    site: Site,
    shown: Shown,
    registry: Registry,
    which: tuple[str, str, int | None],
) -> Response:
    caller: Caller = request.state.caller
    record = registry.find(*which, caller)
    return site.page(
        request,
        "generator.html.j2",
        record=record,
        card=record.card,
        statement=_statement(registry, which, caller),
        versions=shown.versions(record.centre, record.name, caller),
        has_samples=any(file.name == SAMPLES for file in record.manifest.files),
        hub_url=site.public_url or str(request.base_url).rstrip("/"),
    )


def _statement(
    registry: Registry, which: tuple[str, str, int | None], caller: Caller
) -> AuditStatement | None:
    try:
        return AuditStatement.model_validate_json(registry.statement(*which, caller))
    except StatementNotFoundError:
        return None
