"""Enrolment of centres, and their tokens."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime

from hub.centres.store import CentreStore, as_json
from hub.errors import CentreExistsError, CentreNotFoundError
from shared.access import Caller
from shared.preconditions import CheckDocument, unconditional
from shared.records import CentreToken

TOKEN_PREFIX = "gsc_"  # noqa: S105 (marks tokens so that a scanner finds a leaked one)


class Centres:
    """The enrolled centres. A token is 32 random bytes; only its SHA-256 is kept."""

    def __init__(self, store: CentreStore, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def invite(
        self,
        name: str,
        *,
        renew: bool,
        by: Caller,
        check_centres: CheckDocument = unconditional,
    ) -> CentreToken:
        """Enrol a centre and return its token, which cannot be asked for again.

        With `renew`, one that was removed is a centre again.

        Args:
            by: Who asks for it.
            check_centres: Raises if the centres are not those that are meant; called in the step
                that adds one.

        Raises:
            CentreExistsError: It is or was enrolled already and `renew` is False.
        """
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        is_enrolled = self._store.put(
            name,
            token_sha256(token),
            now=self._clock(),
            replace=renew,
            by=by,
            check_centres=check_centres,
        )
        if not is_enrolled:
            raise CentreExistsError(f"the centre {name} is enrolled already")
        return CentreToken(name=name, token=token)

    def remove(self, name: str, *, by: Caller) -> None:
        """Have a centre's token work no more, at once. What it has published stays.

        Raises:
            CentreNotFoundError: No centre of that name is enrolled.
        """
        if not self._store.remove(name, now=self._clock(), by=by):
            raise CentreNotFoundError(f"no centre {name} is enrolled")

    def all(self) -> str:
        """Return every centre by name, as JSON."""
        return as_json(self._store.all())


def token_sha256(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
