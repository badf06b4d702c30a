"""Errors of keys and signatures at the hub."""

from hub.errors import HubError


class SignatureNotFoundError(
    HubError,
    code="GS-2320",
    status=404,
    title="No signature",
    hint="Its centre can publish it again, with a key of its own.",
):
    """Nobody signed that."""


class SignatureExistsError(
    HubError,
    code="GS-2321",
    status=409,
    title="Signed already",
    hint="A signature stays; only a newer key of the centre replaces it.",
):
    """There is a signature already, and what was sent is another of the same key or an older."""


class WithdrawalRefusedError(
    HubError,
    code="GS-1420",
    title="Withdrawal refused",
    hint="Withdraw the version first (genshare state --to withdrawn), which signs it too; words "
    "that may not stand on a card may not stand here.",
):
    """What was signed is of a version that is not withdrawn, or has words that may not."""


class KeyNotRegisteredError(
    HubError,
    code="GS-2322",
    status=409,
    title="Key not registered",
    hint="Register the key first, with PUT /api/v1/centres/{name}/key.",
):
    """A signature names a key that the centre has not registered."""


class KeyExistsError(
    HubError,
    code="GS-2323",
    status=409,
    title="Another key is there",
    hint="genshare key rotate hands over from the key that is there; if it is lost, ask the hub's "
    "operator for a new token, with which another can be registered for 15 minutes.",
):
    """The centre has a key, which did not hand over to the one that was sent."""


class StatusNotNewerError(
    HubError,
    code="GS-2324",
    status=409,
    title="A newer status is there",
    hint="Sign a status with a higher number than that of the one that is there.",
):
    """A centre's status has no higher number than the one before."""
