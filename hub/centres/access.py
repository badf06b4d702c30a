"""Who calls the hub, and how often."""

import hmac
from collections.abc import Callable

from hub.centres.callers import administrator
from hub.centres.service import token_sha256
from hub.centres.store import CentreStore
from hub.errors import AdministratorOnlyError, NotAllowedError
from shared.access import Call, Caller, Role
from shared.errors import TooOftenError, WrongTokensError
from shared.rates import Guesses, Rates


class HubAccess:
    """Tells callers by their tokens.

    A centre's token has 256 random bits, which nobody guesses. The administrator's was chosen by a
    person: after too many wrong tokens it is not looked at for a while.

    Args:
        joining: Returns who may join with the join token that has a SHA-256.
    """

    def __init__(
        self,
        store: CentreStore,
        *,
        joining: Callable[[str], str | None],
        admin_token: str | None,
        guesses: Guesses,
        requests: Rates,
    ) -> None:
        self._store = store
        self._joining = joining
        self._admin_token = admin_token
        self._guesses = guesses
        self._requests = requests

    def admit(self, call: Call) -> Caller:
        """Return who calls.

        Raises:
            NotAllowedError: No token, or one that no centre has.
            AdministratorOnlyError: A centre calls what is for the administrator.
            WrongTokensError, TooOftenError: It is refused for now.
        """
        caller = self._caller(call)
        if caller.role is Role.JOINING and caller.role not in call.roles:
            raise NotAllowedError("a join token is for joining only, with POST /api/v1/join")
        if caller.role not in call.roles:
            raise AdministratorOnlyError(
                f"the centre {caller.name} cannot {call.purpose}; the administrator can",
                caller=caller,
            )
        wait = self._requests.take(caller.name)
        if wait:
            raise TooOftenError(f"{caller.name} asks too often", seconds=wait)
        return caller

    def _caller(self, call: Call) -> Caller:
        scheme, _, token = (call.authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAllowedError("this request needs a bearer token and has none")
        # The lookup is by digest, so its time says nothing about a token.
        centre = self._store.owner(token_sha256(token))
        if centre is not None:
            return Caller(centre, Role.CENTRE, call.address)
        if (joining := self._joining(token_sha256(token))) is not None:
            return Caller(joining, Role.JOINING, call.address)
        wait = self._guesses.take(call.address)
        if wait:
            raise WrongTokensError("too many wrong tokens came", seconds=wait)
        if self._admin_token and hmac.compare_digest(token.encode(), self._admin_token.encode()):
            self._guesses.was_right(call.address)
            return administrator(call.address)
        raise NotAllowedError("no centre of this hub has the token that was sent")
