"""The rules of connecting to a hub."""

from centre_node.connection.errors import NoHubError, WrongCentreError
from centre_node.connection.store import ConnectionStore
from node_api.connection import ConnectedHub, HubConnection
from shared.hub_client import HubClient, connect


class Connection:
    """The hub that this node publishes to and pulls from.

    Args:
        allow_unencrypted: Whether its token may go to another machine over plain HTTP.
    """

    def __init__(self, store: ConnectionStore, *, allow_unencrypted: bool) -> None:
        self._store = store
        self._allow_unencrypted = allow_unencrypted

    def client(self) -> HubClient:
        """Return a client of the hub.

        Raises:
            NoHubError: There is none yet.
            UnencryptedError: It was connected when that was allowed still.
        """
        return self._client(self.current())

    def _client(self, connection: HubConnection) -> HubClient:
        return connect(connection.url, connection.token, allow_unencrypted=self._allow_unencrypted)

    def join(self, connection: HubConnection) -> None:
        """Remember a hub that answers and accepts the token.

        Raises:
            HubUnreachableError, HubRefusedError: It does not; nothing is remembered.
            WrongCentreError: The token is another's.
            UnencryptedError: It is on another machine, over plain HTTP.
        """
        owner = self._client(connection).whoami()
        if owner.role != "centre":
            raise WrongCentreError(
                f"the token is the hub's {owner.role}'s, not that of the centre {connection.centre}"
            )
        if owner.name != connection.centre:
            raise WrongCentreError(
                f"the token is that of the centre {owner.name}, not of {connection.centre}"
            )
        self._store.put(connection)

    def leave(self) -> None:
        """Forget the hub and its token; what was pulled stays.

        Raises:
            NoHubError: There is none.
        """
        self.current()
        self._store.remove()

    def hub(self) -> ConnectedHub:
        """Return the hub and this centre's name there, without the token.

        Raises:
            NoHubError: There is none yet.
        """
        current = self.current()
        return ConnectedHub(centre=current.centre, url=current.url)

    def current(self) -> HubConnection:
        """Return the connection.

        Raises:
            NoHubError: There is none yet.
        """
        connection = self._store.get()
        if connection is None:
            raise NoHubError("this node is not connected to a hub")
        return connection
