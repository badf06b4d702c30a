"""HTTP routes of enrolment."""

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response, status

from hub.centres.service import Centres
from hub.errors import CentreExistsError, CentreNotFoundError
from shared.access import CallerDep, GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.json_bodies import JsonBody
from shared.names import Name
from shared.preconditions import Conditions
from shared.records import CallerIdentity, Centre, CentreInvitation, CentreToken

INVITATION = JsonBody[CentreInvitation](CentreInvitation)
router = APIRouter(
    prefix="/centres",
    tags=["centres"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.ADMINISTRATOR, Role.CENTRE)],
)


async def _centres(request: Request) -> Centres:
    centres: Centres = request.app.state.centres
    return centres


CentresDep = Annotated[Centres, Depends(_centres)]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[requires(Role.ADMINISTRATOR, purpose="enrol centres")],
    responses=problems(CentreExistsError),
    openapi_extra=INVITATION.described,
)
async def invite(request: Request, caller: CallerDep, centres: CentresDep) -> CentreToken:
    """Enrol a centre and return its token, once. Needs the administrator's token."""
    invitation = await INVITATION.read(request)
    invite = partial(
        centres.invite,
        invitation.name,
        renew=invitation.renew,
        by=caller,
        check_centres=Conditions(request).check_document,
    )
    return await to_thread.run_sync(invite)


@router.get("/me")
async def whoami(caller: CallerDep) -> CallerIdentity:
    """Return whom the hub takes the caller for, by the token."""
    role = "centre" if caller.role is Role.CENTRE else "administrator"
    return CallerIdentity(name=caller.name, role=role)


@router.delete(
    "/{name}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[requires(Role.ADMINISTRATOR, purpose="remove centres")],
    responses=problems(CentreNotFoundError),
)
def remove(name: Name, caller: CallerDep, centres: CentresDep) -> None:
    """Remove a centre: its token stops working at once, and what it has published stays."""
    centres.remove(name, by=caller)


@router.get("", response_model=tuple[Centre, ...])
def list_centres(centres: CentresDep) -> Response:
    """List the centres, those that were removed too."""
    return Response(centres.all(), media_type="application/json")
