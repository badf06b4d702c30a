"""Errors of utility receipts at the hub."""

from hub.errors import HubError


class ReceiptNotFoundError(
    HubError,
    code="GS-1370",
    status=404,
    title="No receipt",
    hint="A receiver gives one with genshare receipt.",
):
    """The receiver has said nothing of that version."""


class ReceiptNotNewerError(
    HubError,
    code="GS-1371",
    status=409,
    title="A newer receipt is there",
    hint="Sign one of a later day; only that replaces what is there.",
):
    """The receiver has said something of that version on a later day."""


class ReceiptRefusedError(
    HubError,
    code="GS-1372",
    title="Receipt refused",
    hint="Make it again with genshare receipt, of the version and as the centre that it is of.",
):
    """A receipt is of another version or receiver, of a day to come, or has words that may not."""
