"""HTTP route of joining."""

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, status

from hub.joining.service import Joining
from hub.signatures.errors import KeyExistsError
from shared.access import CallerDep, GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.json_bodies import JsonBody
from shared.records import CentreToken, NewKey
from signing.errors import KeyUnusableError

KEY = JsonBody[NewKey](NewKey)
router = APIRouter(
    tags=["centres"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.JOINING, purpose="join")],
)


async def _joining(request: Request) -> Joining:
    joining: Joining = request.app.state.joining
    return joining


@router.post(
    "/join",
    status_code=status.HTTP_201_CREATED,
    responses=problems(KeyExistsError, KeyUnusableError),
    openapi_extra=KEY.described,
)
async def join(
    request: Request, caller: CallerDep, joining: Annotated[Joining, Depends(_joining)]
) -> CentreToken:
    """Join with a token of `genshare hub invite NAME --join`: send a key, get the centre's token.

    The token works once, within 15 minutes.
    """
    key = await KEY.read(request)
    return await to_thread.run_sync(partial(joining.join, key, caller=caller))
