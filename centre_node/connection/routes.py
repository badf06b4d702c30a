"""HTTP routes of the hub connection. The token goes in and never comes out."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request

from centre_node.connection.errors import NoHubError
from centre_node.connection.service import Connection
from node_api.connection import ConnectedHub, HubConnection
from shared.access import GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.errors import (
    HubAddressError,
    HubRefusedError,
    HubUnreachableError,
    HubUnreadableError,
    UnencryptedError,
)
from shared.json_bodies import JsonBody

CONNECTION = JsonBody[HubConnection](HubConnection)
router = APIRouter(
    prefix="/hub-connection",
    tags=["hub"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.STAFF)],
)


def _connection(request: Request) -> Connection:
    connection: Connection = request.app.state.connection
    return connection


ConnectionDep = Annotated[Connection, Depends(_connection)]


@router.put(
    "",
    responses=problems(
        HubAddressError,
        HubRefusedError,
        HubUnreachableError,
        HubUnreadableError,
        UnencryptedError,
    ),
    openapi_extra=CONNECTION.described,
)
async def join(request: Request, connection: ConnectionDep) -> ConnectedHub:
    """Connect to a hub, once it has answered and accepted the token."""
    wanted = await CONNECTION.read(request)
    await to_thread.run_sync(connection.join, wanted)
    return ConnectedHub(centre=wanted.centre, url=wanted.url)


@router.get("", responses=problems(NoHubError))
def read(connection: ConnectionDep) -> ConnectedHub:
    """Return the hub that this node is connected to."""
    current = connection.current()
    return ConnectedHub(centre=current.centre, url=current.url)
