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
