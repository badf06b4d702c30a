"""Errors of registered data sets."""

from centre_node.errors import NodeError


class DatasetNotFoundError(
    NodeError,
    code="GS-3306",
    status=404,
    title="No such data set",
    hint="Register it with PUT /api/v1/datasets/{name}.",
):
    """No data set of that name is registered."""
