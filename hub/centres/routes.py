"""HTTP routes of enrolment, and the dependency that tells who calls."""

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Request, status

from hub.centres.service import ADMIN, Centres
from hub.errors import AdministratorOnlyError
from shared.json_bodies import JsonBody
from shared.records import Centre, CentreInvitation, CentreToken

INVITATION = JsonBody[CentreInvitation](CentreInvitation)
router = APIRouter(prefix="/centres", tags=["centres"])


def _centres(request: Request) -> Centres:
    centres: Centres = request.app.state.centres
    return centres


CentresDep = Annotated[Centres, Depends(_centres)]


def _caller(centres: CentresDep, authorization: Annotated[str | None, Header()] = None) -> str:
    return centres.caller(authorization)


Caller = Annotated[str, Depends(_caller)]
"""The name of the centre that calls, or the administrator."""


@router.post("", status_code=status.HTTP_201_CREATED, openapi_extra=INVITATION.described)
async def invite(request: Request, caller: Caller, centres: CentresDep) -> CentreToken:
    """Enrol a centre and return its token, once. Needs the administrator's token."""
    if caller != ADMIN:
        raise AdministratorOnlyError(
            f"the centre {caller} cannot enrol centres; the administrator can"
        )
    invitation = await INVITATION.read(request)
    invite = partial(centres.invite, invitation.name, renew=invitation.renew)
    return await to_thread.run_sync(invite)


@router.get("")
def list_centres(_caller: Caller, centres: CentresDep) -> tuple[Centre, ...]:
    """List the enrolled centres."""
    return centres.all()
