"""Errors of what leaves a centre and what comes in."""

from centre_node.errors import NodeError


class GeneratorNotPulledError(
    NodeError,
    code="GS-3307",
    status=404,
    title="Generator not at this node",
    hint="Pull it from the hub first.",
):
    """No generator with that digest is at this node."""
