"""The rules of joining: a token works once and for a quarter of an hour."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from hub.centres.service import Centres, token_sha256
from hub.errors import NotAllowedError
from hub.joining.store import JoinTokenStore
from hub.signatures.service import Signatures
from shared.access import Caller, Role
from shared.records import CentreToken, NewKey
from signing.keys import read_public_key

PREFIX = "gsj_"
WORKS_FOR = timedelta(minutes=15)


class JoinTokens:
    """The tokens that are out; only their digests are kept."""

    def __init__(self, store: JoinTokenStore, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def invite(self, centre: str, *, by: Caller) -> str:
        """Return a token with which a node can join as a centre, once."""
        token, now = PREFIX + secrets.token_urlsafe(32), self._clock()
        self._store.put(centre, token_sha256(token), expires_at=now + WORKS_FOR, by=by, now=now)
        return token

    def owner(self, sha256: str) -> str | None:
        """Return who may join now with the token of a digest."""
        return self._store.owner(sha256, now=self._clock())

    def take(self, centre: str) -> None:
        """Have a centre's token work no more.

        Raises:
            NotAllowedError: It does not work any more as it is.
        """
        if not self._store.take(centre, now=self._clock()):
            raise NotAllowedError("the join token was used already, or has ended")


class Joining:
    """Lets a centre in whose node proves, by a token, that the operator invited it."""

    def __init__(self, tokens: JoinTokens, centres: Centres, signatures: Signatures) -> None:
        self._tokens = tokens
        self._centres = centres
        self._signatures = signatures

    def join(self, key: NewKey, *, caller: Caller) -> CentreToken:
        """Enrol the caller, or renew its token, and register its key.

        A centre that was enrolled before may begin anew with another key: its receivers decide
        whether they trust it.

        Raises:
            KeyUnusableError: What was sent is no key; the token can be used again.
            KeyExistsError: The key was the centre's before its present one.
            NotAllowedError: The token was used in this very moment.
        """
        read_public_key(key.public_key)
        self._tokens.take(caller.name)
        centre = Caller(caller.name, Role.CENTRE, caller.address)
        given = self._centres.invite(caller.name, renew=True, by=centre)
        self._signatures.add_key(caller.name, key, caller=centre)
        return given
