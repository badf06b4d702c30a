"""Who may approve what leaves: where the settings name reviewers, they alone, by their tokens."""

import hmac
from collections.abc import Mapping

from centre_node.errors import ReviewerNeededError
from shared.access import Caller, Role
from shared.errors import CannotServeError


class Reviewers:
    """The people who may approve; where there are none, all staff may.

    Args:
        tokens: Each one's, by name.

    Raises:
        CannotServeError: Two have the same.
    """

    def __init__(self, tokens: Mapping[str, str]) -> None:
        if len({*tokens.values()}) < len(tokens):
            raise CannotServeError("two of NODE_REVIEWERS have the same token; each needs its own")
        self._tokens = {name: token.encode() for name, token in tokens.items()}

    @property
    def are_needed(self) -> bool:
        """Whether an approval needs one of them."""
        return bool(self._tokens)

    def owner(self, token: str, address: str = "") -> Caller | None:
        """Return whose token it is; None where it is no reviewer's.

        All are compared, so that the time tells nothing of which one came near.
        """
        given = token.encode()
        owners = [name for name, known in self._tokens.items() if hmac.compare_digest(given, known)]
        return Caller(owners[0], Role.REVIEWER, address) if owners else None

    def check(self, caller: Caller, by: str) -> None:
        """Check that a caller may approve under a name.

        Raises:
            ReviewerNeededError: A reviewer has to, under the own name, and this is none.
        """
        if not self.are_needed:
            return
        if caller.role is not Role.REVIEWER:
            raise ReviewerNeededError("a reviewer has to approve it, and this token is none's")
        if caller.name != by:
            raise ReviewerNeededError(
                f"the approval is by {by}, but the token is that of {caller.name}"
            )
