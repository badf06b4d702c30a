"""Errors of a centre node that no room of it owns; each room has its own `errors.py`."""

from shared.problems import GenshareError


class NodeError(GenshareError, code="GS-3000", status=500):
    """Base of the errors of a centre node."""


class TrainingDivergedError(
    NodeError,
    code="GS-3202",
    title="Training diverged",
    hint="Lower the learning rate, or resume from the last good checkpoint with another seed.",
):
    """A loss became NaN or infinite."""


class NotAllowedError(
    NodeError,
    code="GS-3309",
    status=401,
    title="Not allowed",
    hint="Send the node's token as `Authorization: Bearer TOKEN`.",
):
    """The node's token is missing or wrong."""


class ReviewerNeededError(
    NodeError,
    code="GS-3822",
    status=403,
    title="Reviewer needed",
    hint="Send the token of a reviewer whom NODE_REVIEWERS names, and that name as `by`; on the "
    "page, type the token in.",
):
    """Somebody who is no reviewer approves what would leave, or under another's name."""


class NotPublishableError(
    NodeError,
    code="GS-3312",
    title="Not publishable",
    hint="Train on more patients, or change the text that is named.",
):
    """A generator must not leave the centre as it is."""


class NoNodeError(
    NodeError,
    code="GS-3005",
    title="No node",
    hint="Name the folder that the node is served from: --data-dir, or NODE_DATA_DIR.",
):
    """A folder holds no node."""
