"""Errors of the connection to a hub."""

from centre_node.errors import NodeError


class NoHubError(
    NodeError,
    code="GS-3308",
    status=409,
    title="No hub",
    hint="Connect with PUT /api/v1/hub-connection.",
):
    """The node is not connected to a hub."""


class WrongCentreError(
    NodeError,
    code="GS-3700",
    status=422,
    title="Token of another",
    hint="Give the token that the hub gave this centre, or the name of the centre that it is of.",
):
    """The hub knows the token as another's than the centre that is named."""


class FetchesNotToldError(
    NodeError,
    code="GS-3820",
    status=409,
    title="Fetches not told",
    hint="Ask the hub's operator, whose audit log has them, or to bring the hub up to date.",
):
    """The hub is of a version that does not tell a centre who fetched its generators."""
