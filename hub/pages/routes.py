"""Routes of the hub's pages: parse, read, show. No rules here."""

import dataclasses
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response, status
from fastapi.responses import RedirectResponse

from hub.audit_log.events import Action
from hub.audit_log.routes import LogPage
from hub.audit_log.store import LogFilter, LogStore
from hub.errors import GeneratorNotFoundError
from hub.life_cycle.store import Place
from hub.pages.asked import AskedGenerators, AskedLog
from hub.pages.matrix import matrix_of
from hub.pages.service import PageService
from hub.pages.site import EVERYONE, OPERATOR
from hub.pages.store import Shown
from hub.pages.wording import ORDERS
from hub.receipts.service import Receipts
from hub.registry.routes import VersionNumber
from hub.registry.service import Registry
from shared.access import CallerDep, requires
from shared.names import Name
from shared.sample_grids import SAMPLES, grid_png, read_grid
from web_pages.card_wording import ARCHITECTURES, KINDS, STATES
from web_pages.forms import read_form
from web_pages.routing import PageRoute
from web_pages.site import Site

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ENTRIES_OF_A_PAGE = 50
MOST_IN_THE_MATRIX = 500
FOR_EVERYONE = [requires(*EVERYONE, purpose="read the hub's pages")]
GENERATOR = "/generators/{centre}/{name}"
VERSION = GENERATOR + "/{version}"


async def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


async def _shown(request: Request) -> Shown:
    shown: Shown = request.app.state.shown
    return shown


async def _service(request: Request) -> PageService:
    service: PageService = request.app.state.pages
    return service


async def _registry(request: Request) -> Registry:
    registry: Registry = request.app.state.registry
    return registry


async def _log(request: Request) -> LogStore:
    log: LogStore = request.app.state.log
    return log


async def _receipts(request: Request) -> Receipts:
    receipts: Receipts = request.app.state.receipts
    return receipts


SiteDep = Annotated[Site, Depends(_site)]
ShownDep = Annotated[Shown, Depends(_shown)]
ServiceDep = Annotated[PageService, Depends(_service)]
RegistryDep = Annotated[Registry, Depends(_registry)]
LogDep = Annotated[LogStore, Depends(_log)]
ReceiptsDep = Annotated[Receipts, Depends(_receipts)]


@router.get("/", dependencies=FOR_EVERYONE)
def show_start() -> Response:
    """Lead to the generators."""
    return _to("/generators")


@router.get("/generators", dependencies=FOR_EVERYONE)
def show_generators(
    request: Request,
    site: SiteDep,
    shown: ShownDep,
    caller: CallerDep,
    asked: Annotated[AskedGenerators, Query()],
) -> Response:
    """Show the generators, each with its newest version."""
    return site.page(
        request,
        "generators.html.j2",
        wanted=asked.wanted,
        order_words=ORDERS,
        kind_words=KINDS,
        architecture_words=ARCHITECTURES,
        states=STATES,
        choices=shown.choices(),
        out_of_use=shown.out_of_use(caller),
        listed=shown.generators(asked.wanted, caller),
    )


@router.get(GENERATOR, dependencies=FOR_EVERYONE)
def show_newest(centre: Name, name: Name, service: ServiceDep, caller: CallerDep) -> Response:
    """Lead to a generator's newest version."""
    version = service.newest(centre, name, caller)
    if version is None:
        raise GeneratorNotFoundError(f"there is no generator {centre}/{name}")
    return _to(f"/generators/{centre}/{name}/{version}")


@router.get(VERSION, dependencies=FOR_EVERYONE)
def show_version(
    request: Request,
    centre: Name,
    name: Name,
    version: VersionNumber,
    site: SiteDep,
    service: ServiceDep,
    caller: CallerDep,
    receipts: ReceiptsDep,
) -> Response:
    """Show one version of a generator."""
    seen = service.version(Place(centre, name, version), caller)
    told = {field.name: getattr(seen, field.name) for field in dataclasses.fields(seen)}
    hub_url = (site.public_url or str(request.base_url)).rstrip("/")
    return site.page(
        request,
        "generator.html.j2",
        card=seen.record.card,
        hub_url=hub_url,
        receipts=receipts.of_version(centre, name, version, caller).items,
        **told,
    )


@router.get(VERSION + "/samples.png", dependencies=FOR_EVERYONE)
def show_samples(
    centre: Name, name: Name, version: VersionNumber, registry: RegistryDep, caller: CallerDep
) -> Response:
    """Show a version's synthetic patches: its pixels alone, written anew."""
    found = registry.file(centre, name, version, SAMPLES, caller)
    picture = grid_png(read_grid(registry.blobs.read(found.file.sha256)))
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private"})


@router.post(VERSION + "/state", dependencies=[requires(*OPERATOR, purpose="decide on a version")])
async def decide(
    request: Request,
    centre: Name,
    name: Name,
    version: VersionNumber,
    service: ServiceDep,
    caller: CallerDep,
) -> Response:
    """Make a version what the operator decided."""
    form = await read_form(request)
    decision = partial(
        service.decide,
        Place(centre, name, version),
        form.get("state", ""),
        form.get("reason", ""),
        caller,
    )
    await to_thread.run_sync(decision)
    return _to(f"/generators/{centre}/{name}/{version}")


@router.get("/reviews", dependencies=[requires(*OPERATOR, purpose="approve versions")])
def show_reviews(request: Request, site: SiteDep, shown: ShownDep) -> Response:
    """Show the versions that wait for the operator."""
    return site.page(request, "reviews.html.j2", pending=shown.pending())


@router.get("/receipts", dependencies=FOR_EVERYONE)
def show_receipts(
    request: Request, site: SiteDep, receipts: ReceiptsDep, caller: CallerDep
) -> Response:
    """Show what donors' generators were worth to receivers, as a matrix."""
    found, is_cut = receipts.newest(caller, most=MOST_IN_THE_MATRIX)
    matrix = matrix_of(found)
    return site.page(request, "receipts.html.j2", matrix=matrix, most=len(found) if is_cut else 0)


@router.get("/centres", dependencies=FOR_EVERYONE)
def show_centres(request: Request, site: SiteDep, shown: ShownDep) -> Response:
    """Show the centres."""
    return site.page(request, "centres.html.j2", centres=shown.centres())


@router.get("/log", dependencies=[requires(*OPERATOR, purpose="read the audit log")])
def show_log(
    request: Request, site: SiteDep, log: LogDep, asked: Annotated[AskedLog, Query()]
) -> Response:
    """Show what happened, newest first."""
    wanted = LogFilter(asked.action, asked.caller or None, asked.centre or None)
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


def _to(path: str) -> Response:
    return RedirectResponse(path, status_code=status.HTTP_303_SEE_OTHER)
