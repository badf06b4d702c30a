"""Errors of measuring privacy and of deciding by it."""

from centre_node.errors import NodeError


class ReleasePolicyError(
    NodeError,
    code="GS-3321",
    title="Release policy unusable",
    hint="docs/privacy.md has every key of a policy; a file without any holds the defaults.",
):
    """A centre's policy cannot be read, or asks for what no policy can."""


class WaiverRefusedError(
    NodeError,
    code="GS-3323",
    status=403,
    title="Waiver refused",
    hint="A waiver needs a reason and the key of a second person whom the policy names.",
):
    """Nobody whom the policy names waives, or without a reason that may leave."""


class AuditRefusedError(
    NodeError,
    code="GS-3421",
    title="Audit refused",
    hint="An audit needs a finished training's folder with its weights and its patches.",
):
    """An audit cannot be made of what was given."""
