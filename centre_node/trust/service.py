"""The rules of trust at a node."""

import logging
import threading

from centre_node.connection.errors import NoHubError
from centre_node.connection.service import Connection
from node_api.trust import Withdrawal
from shared.problems import GenshareError
from shared.states import WITHDRAWN, StateWanted, VersionState
from signing.keys import SigningKey
from signing.own_status import OwnStatus
from signing.trust import Trust, TrustStore
from signing.withdrawing import change_state

EVERY_SECONDS = 3600.0

log = logging.getLogger(__name__)


class TrustSettings:
    """The node's key, what it says of its own versions, and whose keys it trusts."""

    def __init__(self, key: SigningKey, store: TrustStore, connection: Connection) -> None:
        self.key = key
        self._store = store
        self._connection = connection

    def read(self) -> Trust:
        """Return whose keys are trusted.

        Raises:
            TrustFileError: That cannot be read.
        """
        return self._store.read()

    def replace(self, trust: Trust) -> Trust:
        """Trust these keys, and no others.

        Raises:
            TrustFileError: That cannot be written.
        """
        return self._store.change(lambda _before: trust)

    def withdraw(self, withdrawal: Withdrawal) -> VersionState:
        """Withdraw a version of this centre, at the hub and signed.

        Raises:
            NoHubError: The node is not connected.
            HubRefusedError: There is no such version, or its reason will not do.
            StatusUnusableError: It was published without a key.
        """
        own = self._own()
        record = own.hub.version(own.centre, withdrawal.name, withdrawal.version)
        wanted = StateWanted(
            state=WITHDRAWN, reason=withdrawal.reason, replacement=withdrawal.replacement
        )
        return change_state(own.hub, record, wanted, own)

    def renew(self) -> None:
        """Sign anew what was said of this centre's versions, where it ends soon."""
        try:
            self._own().renew()
        except NoHubError:
            return

    def _own(self) -> OwnStatus:
        return OwnStatus(self.key, self._connection.client(), self._connection.current().centre)


class Renewal:
    """Renews now and then, in a thread that nobody waits for: a hub may not answer."""

    def __init__(self, trust: TrustSettings) -> None:
        self._trust = trust
        self._is_over = threading.Event()

    def start(self) -> None:
        """Begin, and go on until `stop` or the end of the process."""
        threading.Thread(target=self._renew_for_ever, daemon=True).start()

    def stop(self) -> None:
        """Do not begin again."""
        self._is_over.set()

    def _renew_for_ever(self) -> None:
        while not self._is_over.is_set():
            try:
                self._trust.renew()
            except GenshareError as error:  # it is tried again
                log.warning("cannot renew what this centre signed of its versions: %s", error)
            self._is_over.wait(EVERY_SECONDS)
