"""HTTP routes of the hub connection. The token goes in and never comes out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from centre_node.connection.service import Connection
from centre_node.connection.store import HubConnection
from shared.models import StrictModel

router = APIRouter(prefix="/hub-connection", tags=["hub"])


class ConnectedHub(StrictModel):
    """The hub, and this centre's name there."""

    centre: str
    url: str


def _connection(request: Request) -> Connection:
    connection: Connection = request.app.state.connection
    return connection


ConnectionDep = Annotated[Connection, Depends(_connection)]


@router.put("")
def join(wanted: HubConnection, connection: ConnectionDep) -> ConnectedHub:
    """Connect to a hub, once it has answered and accepted the token."""
    connection.join(wanted)
    return ConnectedHub(centre=wanted.centre, url=wanted.url)


@router.get("")
def read(connection: ConnectionDep) -> ConnectedHub:
    """Return the hub that this node is connected to."""
    current = connection.current()
    return ConnectedHub(centre=current.centre, url=current.url)
