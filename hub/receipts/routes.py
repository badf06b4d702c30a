"""HTTP routes of utility receipts: parse, call the service, return."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from hub.bundle_bodies import keep_bundle, keeping_bundle
from hub.errors import ForeignCentreError, GeneratorNotFoundError
from hub.receipts.errors import ReceiptNotFoundError, ReceiptNotNewerError, ReceiptRefusedError
from hub.receipts.service import Receipts
from hub.registry.routes import GENERATOR, VersionNumber
from hub.signatures.errors import KeyNotRegisteredError
from shared.access import CallerDep, GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.models import LARGEST_COUNT
from shared.names import Name
from shared.receipts import MOST_OF_A_PAGE, ReceiptPage, VersionReceipts
from signing.bundles import Bundle
from signing.errors import SignatureRefusedError

router = APIRouter(
    tags=["receipts"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.ADMINISTRATOR, Role.CENTRE)],
)


async def _receipts(request: Request) -> Receipts:
    receipts: Receipts = request.app.state.receipts
    return receipts


ReceiptsDep = Annotated[Receipts, Depends(_receipts)]
OF_VERSION = GENERATOR + "/{version}/receipts"
ONE = OF_VERSION + "/{receiver}"


@router.put(
    ONE,
    **keeping_bundle(
        ForeignCentreError,
        GeneratorNotFoundError,
        KeyNotRegisteredError,
        ReceiptNotNewerError,
        ReceiptRefusedError,
        SignatureRefusedError,
    ),
)
async def put_receipt(
    centre: Name,
    name: Name,
    version: VersionNumber,
    receiver: Name,
    request: Request,
    caller: CallerDep,
    receipts: ReceiptsDep,
) -> Response:
    """Say what a version was worth to you: a signed bundle, in place of one of an earlier day."""
    receipts.check_own(receiver, caller=caller)
    put = partial(receipts.put, centre, name, version, receiver, caller=caller)
    return await keep_bundle(request, put)


@router.get(
    ONE,
    response_model=Bundle,
    responses=problems(GeneratorNotFoundError, ReceiptNotFoundError),
)
def read_receipt(
    centre: Name,
    name: Name,
    version: VersionNumber,
    receiver: Name,
    caller: CallerDep,
    receipts: ReceiptsDep,
) -> Response:
    """Return the bundle of what a version was worth to a receiver, as it was signed."""
    content = receipts.find(centre, name, version, receiver, caller)
    return Response(content, media_type="application/json")


@router.get(OF_VERSION, responses=problems(GeneratorNotFoundError))
def list_receipts(
    centre: Name, name: Name, version: VersionNumber, caller: CallerDep, receipts: ReceiptsDep
) -> VersionReceipts:
    """List what a version was worth to its receivers, newest first."""
    return receipts.of_version(centre, name, version, caller)


@router.get("/receipts")
def list_all_receipts(
    caller: CallerDep,
    receipts: ReceiptsDep,
    cursor: Annotated[int | None, Query(ge=1, le=LARGEST_COUNT)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_OF_A_PAGE)] = MOST_OF_A_PAGE,
) -> ReceiptPage:
    """List what all versions in use were worth to their receivers, newest first."""
    return receipts.page(caller, cursor=cursor, limit=limit)
