"""Who may do what: enrolment and bearer tokens."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime

from hub.centres.store import CentreStore
from hub.errors import CentreExistsError, NotAllowedError
from shared.records import Centre, CentreToken

TOKEN_PREFIX = "gsc_"  # noqa: S105 (marks tokens so that a scanner finds a leaked one)
ADMIN = "(administrator)"


class Centres:
    """The enrolled centres. A token is 32 random bytes; only its SHA-256 is kept."""

    def __init__(
        self, store: CentreStore, *, admin_token: str | None, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._admin_token = admin_token
        self._clock = clock

    def invite(self, name: str, *, renew: bool) -> CentreToken:
        """Enrol a centre and return its token, which cannot be asked for again.

        Raises:
            CentreExistsError: It is enrolled already and `renew` is False.
        """
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        if not self._store.put(name, _sha256(token), now=self._clock(), replace=renew):
            raise CentreExistsError(f"the centre {name} is enrolled already")
        return CentreToken(name=name, token=token)

    def caller(self, authorization: str | None) -> str:
        """Return the name of the centre whose token was sent, or `ADMIN`.

        Raises:
            NotAllowedError: No token, or one that no centre has.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAllowedError("this request needs a bearer token and has none")
        if self._admin_token and hmac.compare_digest(token.encode(), self._admin_token.encode()):
            return ADMIN
        # The lookup is by digest, so its time says nothing about a token.
        owner = self._store.owner(_sha256(token))
        if owner is None:
            raise NotAllowedError("no centre of this hub has the token that was sent")
        return owner

    def all(self) -> tuple[Centre, ...]:
        """Return every centre by name."""
        return self._store.all()


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
