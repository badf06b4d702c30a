"""HTTP routes of receipts: look at one, and send exactly that."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, status

from centre_node.connection.errors import NoHubError
from centre_node.jobs.errors import JobConflictError, JobNotFoundError, ReviewChangedError
from centre_node.receipts.service import StudyReceipts
from centre_node.study.errors import NoReceiptError
from node_api.receipts import ReceiptApproval, ReceiptAsked, ReceiptReview
from shared.access import GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.errors import (
    HubRefusedError,
    HubUnreachableError,
    HubUnreadableError,
    UnencryptedError,
)
from shared.json_bodies import JsonBody
from signing.errors import OwnKeyReplacedError

ASKED, APPROVAL = JsonBody[ReceiptAsked](ReceiptAsked), JsonBody[ReceiptApproval](ReceiptApproval)
CANNOT_BE_MADE = (
    HubRefusedError,
    HubUnreachableError,
    HubUnreadableError,
    JobConflictError,
    JobNotFoundError,
    NoHubError,
    NoReceiptError,
    UnencryptedError,
)
router = APIRouter(
    prefix="/receipts",
    tags=["receipts"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.STAFF)],
)


def _receipts(request: Request) -> StudyReceipts:
    receipts: StudyReceipts = request.app.state.receipts
    return receipts


ReceiptsDep = Annotated[StudyReceipts, Depends(_receipts)]


@router.post("/review", responses=problems(*CANNOT_BE_MADE), openapi_extra=ASKED.described)
async def review(request: Request, receipts: ReceiptsDep) -> ReceiptReview:
    """Return what would be told of a finished study's result. Nothing leaves."""
    return await to_thread.run_sync(receipts.review, await ASKED.read(request))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*CANNOT_BE_MADE, OwnKeyReplacedError, ReviewChangedError),
    openapi_extra=APPROVAL.described,
)
async def send(request: Request, receipts: ReceiptsDep) -> ReceiptReview:
    """Sign and send the receipt that you saw. `digest` is that of its review."""
    return await to_thread.run_sync(receipts.send, await APPROVAL.read(request))
