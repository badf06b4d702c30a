"""What a node tells of its key."""

from pydantic import Field

from shared.models import LARGEST_COUNT, StrictModel
from shared.names import Digest, Name, Text
from shared.states import Replacement


class OwnKey(StrictModel):
    """The public part of the key that a node signs with.

    Attributes:
        public_key: As PEM; the fingerprint is the SHA-256 of this text.
    """

    fingerprint: Digest
    public_key: str


class Withdrawal(StrictModel):
    """A version of this centre that is not to be used any more, why, and what to use instead."""

    name: Name
    version: int = Field(ge=1, le=LARGEST_COUNT)
    reason: Text
    replacement: Replacement | None = None
