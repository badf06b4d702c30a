"""HTTP routes of the ledger and of waivers. A key goes in and never comes out."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, status

from centre_node.jobs.errors import JobNotFoundError
from centre_node.ledger.errors import LedgerError
from centre_node.ledger.service import Releases
from centre_node.privacy.errors import ReleasePolicyError, WaiverRefusedError
from node_api.ledger import Ledger
from node_api.waivers import WaiverRequest
from shared.access import GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.json_bodies import JsonBody
from shared.statements import StatedWaiver

WAIVER = JsonBody[WaiverRequest](WaiverRequest)
router = APIRouter(tags=["releases"], route_class=GuardedRoute, dependencies=[requires(Role.STAFF)])


def _releases(request: Request) -> Releases:
    releases: Releases = request.app.state.releases
    return releases


ReleasesDep = Annotated[Releases, Depends(_releases)]


@router.get("/ledger", responses=problems(LedgerError))
def read(releases: ReleasesDep, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Ledger:
    """Return the newest decisions, and of whom most was published; names of patients are in it."""
    return releases.read(most=limit)


@router.post(
    "/waivers",
    status_code=status.HTTP_201_CREATED,
    responses=problems(JobNotFoundError, WaiverRefusedError, ReleasePolicyError, LedgerError),
    openapi_extra=WAIVER.described,
)
async def waive(request: Request, releases: ReleasesDep) -> StatedWaiver:
    """Let the generator of a training leave against the policy; a publish job then finds it."""
    wanted = await WAIVER.read(request)
    return await to_thread.run_sync(releases.waive, wanted)
