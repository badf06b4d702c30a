"""The rules of connecting to a hub."""

from centre_node.connection.errors import NoHubError
from centre_node.connection.store import ConnectionStore
from node_api.connection import HubConnection
from shared.hub_client import connect


class Connection:
    """The hub that this node publishes to and pulls from."""

    def __init__(self, store: ConnectionStore) -> None:
        self._store = store

    def join(self, connection: HubConnection) -> None:
        """Remember a hub that answers and accepts the token.

        Raises:
            HubUnreachableError, HubRefusedError: It does not; nothing is remembered.
        """
        next(connect(connection.url, connection.token).generators(connection.centre), None)
        self._store.put(connection)

    def current(self) -> HubConnection:
        """Return the connection.

        Raises:
            NoHubError: There is none yet.
        """
        connection = self._store.get()
        if connection is None:
            raise NoHubError("this node is not connected to a hub")
        return connection
