"""The rules of connecting to a hub."""

from centre_node.connection.errors import FetchesNotToldError, NoHubError, WrongCentreError
from centre_node.connection.store import ConnectionStore
from node_api.connection import ConnectedHub, HubConnection, HubJoining
from shared.errors import DigestMismatchError
from shared.hub_client import HubClient, connect
from shared.records import CentreFetches
from signing.keys import SigningKey
from signing.publishing import Signer


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

    def join(self, wanted: HubConnection | HubJoining, key: SigningKey) -> None:
        """Remember a hub that answers and accepts the token, and give it the node's public key.

        Raises:
            HubUnreachableError, HubRefusedError: It does not; nothing is remembered.
            WrongCentreError: The token is another's.
            UnencryptedError: It is on another machine, over plain HTTP.
            OwnKeyReplacedError: The hub has another key of this centre.
            DigestMismatchError: A join token is another centre's.
        """
        connection = wanted if isinstance(wanted, HubConnection) else self._joined(wanted, key)
        client = self._client(connection)
        _check_owner(client, connection.centre)
        Signer(key, client).introduce(connection.centre)
        self._store.put(connection)

    def fetches(self) -> CentreFetches:
        """Return who fetched this centre's generators, as the hub has it in its log.

        Raises:
            NoHubError: There is no hub yet.
            FetchesNotToldError: The hub is of an earlier version.
            HubUnreachableError, HubRefusedError: It does not say.
        """
        return fetches_told(self.client(), self.current().centre)

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

    def _joined(self, wanted: HubJoining, key: SigningKey) -> HubConnection:
        hub = connect(wanted.url, wanted.join_token, allow_unencrypted=self._allow_unencrypted)
        given = hub.signing.join(key.public.pem)
        if given.name != wanted.centre:
            raise DigestMismatchError(
                f"the join token is that of {given.name}, not of {wanted.centre}"
            )
        return HubConnection(centre=given.name, url=wanted.url, token=given.token)

    def current(self) -> HubConnection:
        """Return the connection.

        Raises:
            NoHubError: There is none yet.
        """
        connection = self._store.get()
        if connection is None:
            raise NoHubError("this node is not connected to a hub")
        return connection


def fetches_told(client: HubClient, centre: str) -> CentreFetches:
    """Return who fetched a centre's generators.

    Raises:
        FetchesNotToldError: The hub is of an earlier version.
    """
    found = client.fetches(centre)
    if found is None:
        raise FetchesNotToldError("this hub does not tell yet who fetched what")
    return found


def _check_owner(client: HubClient, centre: str) -> None:
    """Check that the token that a client sends is a centre's, as far as its hub tells.

    Raises:
        WrongCentreError: It is another's.
    """
    owner = client.whoami()
    if owner is None:
        return
    if owner.role != "centre":
        raise WrongCentreError(
            f"the token is the hub's {owner.role}'s, not that of the centre {centre}"
        )
    if owner.name != centre:
        raise WrongCentreError(f"the token is that of the centre {owner.name}, not of {centre}")
