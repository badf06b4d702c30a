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


class ReleaseRefusedError(
    NodeError,
    code="GS-3322",
    title="Release refused",
    hint="See privacy.html, which has every reason; nothing was sent. docs/privacy.md says what "
    "helps, and who may waive.",
):
    """A centre's own policy does not let a generator leave."""


class AuditUnusableError(
    NodeError,
    code="GS-3325",
    title="Audit unusable",
    hint="Audit the generator again, or move the file away if it is none of an audit.",
):
    """The file of an audit is damaged, or none."""


class NotApprovedError(
    NodeError,
    code="GS-3710",
    status=409,
    title="Not approved",
    hint="Nothing was sent. Run it with --review on a terminal, or with --approve and the digest "
    "that a person saw.",
):
    """A person is to look at what would leave, and has not approved it."""
