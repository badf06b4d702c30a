"""Errors of the ledger."""

from centre_node.errors import NodeError


class LedgerError(
    NodeError,
    code="GS-3324",
    status=507,
    title="Ledger unusable",
    hint="Free space, make the folder that it is to lie in, or give its own user the file back; "
    "without a ledger nothing is published.",
):
    """The ledger cannot be read or written, or others may read it."""
