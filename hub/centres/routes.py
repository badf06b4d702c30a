"""HTTP routes of enrolment, and the dependency that tells who calls."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, status

from hub.centres.service import ADMIN, Centres
from hub.errors import AdministratorOnlyError
from shared.records import Centre, CentreInvitation, CentreToken

router = APIRouter(prefix="/centres", tags=["centres"])


def _centres(request: Request) -> Centres:
    centres: Centres = request.app.state.centres
    return centres


CentresDep = Annotated[Centres, Depends(_centres)]


def _caller(centres: CentresDep, authorization: Annotated[str | None, Header()] = None) -> str:
    return centres.caller(authorization)


Caller = Annotated[str, Depends(_caller)]
"""The name of the centre that calls, or the administrator."""


@router.post("", status_code=status.HTTP_201_CREATED)
def invite(invitation: CentreInvitation, caller: Caller, centres: CentresDep) -> CentreToken:
    """Enrol a centre and return its token, once. Needs the administrator's token."""
    if caller != ADMIN:
        raise AdministratorOnlyError(
            f"the centre {caller} cannot enrol centres; the administrator can"
        )
    return centres.invite(invitation.name, renew=invitation.renew)


@router.get("")
def list_centres(_caller: Caller, centres: CentresDep) -> tuple[Centre, ...]:
    """List the enrolled centres."""
    return centres.all()
