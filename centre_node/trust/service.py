"""The rules of trust at a node."""

from signing.keys import SigningKey
from signing.trust import Trust, TrustStore


class TrustSettings:
    """The node's key, and whose keys it trusts."""

    def __init__(self, key: SigningKey, store: TrustStore) -> None:
        self.key = key
        self._store = store

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
