"""HTTP routes of the hub connection. The token goes in and never comes out."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, status

from centre_node.connection.errors import FetchesNotToldError, NoHubError, WrongCentreError
from centre_node.connection.service import Connection
from centre_node.jobs.dependency import JobsDep
from centre_node.jobs.errors import NeededByJobsError
from node_api.connection import ConnectedHub, HubConnection, HubJoining
from node_api.examples import CONNECTIONS
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
from shared.records import CentreFetches
from signing.errors import OwnKeyReplacedError

CONNECTION = JsonBody[HubConnection | HubJoining](HubConnection | HubJoining, CONNECTIONS)
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
        WrongCentreError,
        OwnKeyReplacedError,
        UnencryptedError,
    ),
    openapi_extra=CONNECTION.described,
)
async def join(request: Request, connection: ConnectionDep) -> ConnectedHub:
    """Connect to a hub, once it has answered that the token is this centre's; give it the key.

    With a join token (`genshare hub invite NAME --join`), the node gets its own token for it.
    """
    wanted = await CONNECTION.read(request)
    await to_thread.run_sync(connection.join, wanted, request.app.state.trust.key)
    return ConnectedHub(centre=wanted.centre, url=wanted.url)


@router.get("", responses=problems(NoHubError))
def read(connection: ConnectionDep) -> ConnectedHub:
    """Return the hub that this node is connected to."""
    return connection.hub()


@router.delete(
    "",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NoHubError, NeededByJobsError),
)
def leave(connection: ConnectionDep, jobs: JobsDep) -> None:
    """Forget the hub and its token, unless a job needs them; what was pulled stays."""
    with jobs.unneeded("hub", connection.hub().url):
        connection.leave()


@router.get(
    "/fetches",
    responses=problems(
        FetchesNotToldError,
        NoHubError,
        HubRefusedError,
        HubUnreachableError,
        HubUnreadableError,
        UnencryptedError,
    ),
)
def fetches(connection: ConnectionDep) -> CentreFetches:
    """Ask the hub who fetched this centre's generators, and when; the latest come first."""
    return connection.fetches()
