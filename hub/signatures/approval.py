"""A rule by which versions are approved: their centre signed them."""

from hub.life_cycle.approval import Candidate, Rule
from hub.signatures.store import SignatureStore

SIGNED = "signed"
"""What HUB_APPROVAL calls it."""


def signed_rule(store: SignatureStore) -> Rule:
    """Return the rule that holds for a version that its centre signed."""

    def signed(candidate: Candidate) -> str | None:
        is_there = store.find(candidate.record, "package") is not None
        return None if is_there else "its centre has not signed it"

    return signed
