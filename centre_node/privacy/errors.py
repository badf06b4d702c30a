"""Errors of audits."""

from centre_node.errors import NodeError


class AuditRefusedError(
    NodeError,
    code="GS-3421",
    title="Audit refused",
    hint="An audit needs a finished training's folder with its weights and its patches.",
):
    """An audit cannot be made of what was given."""
