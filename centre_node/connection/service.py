"""The rules of connecting to a hub."""

from centre_node.connection.errors import NoHubError, WrongCentreError
from centre_node.connection.store import ConnectionStore
from node_api.connection import ConnectedHub, HubConnection
from shared.hub_client import connect


class Connection:
    """The hub that this node publishes to and pulls from."""

    def __init__(self, store: ConnectionStore) -> None:
        self._store = store

    def join(self, connection: HubConnection) -> None:
        """Remember a hub that answers and accepts the token.

        Raises:
            HubUnreachableError, HubRefusedError: It does not; nothing is remembered.
            WrongCentreError: The token is another's.
        """
        owner = connect(connection.url, connection.token).whoami()
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
