"""What a node tells of its key."""

from shared.models import StrictModel
from shared.names import Digest


class OwnKey(StrictModel):
    """The public part of the key that a node signs with.

    Attributes:
        public_key: As PEM; the fingerprint is the SHA-256 of this text.
    """

    fingerprint: Digest
    public_key: str
