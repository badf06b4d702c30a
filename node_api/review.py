"""What a person looks at before a generator leaves its centre."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from node_api.connection import ConnectedHub
from shared.cards import ModelCard
from shared.models import StrictModel
from shared.names import Digest, Text
from shared.statements import Verdict

Reviewer = Literal["person", "machine"]
"""Who looks at what would leave: a person, each time, or nobody beyond what the policy checks."""


class ReviewedFile(StrictModel):
    """A file that would be sent."""

    name: str
    size_bytes: int
    sha256: Digest


class Approval(StrictModel):
    """A person's yes.

    Attributes:
        digest: That of the review which the person saw: nothing else is sent.
        despite_collapse: Whether the generator may leave although it is suspected of mode collapse.
    """

    by: Text
    digest: Digest
    despite_collapse: bool = False


class Rejection(StrictModel):
    """A person's no."""

    by: Text
    reason: Text


class Answered(StrictModel):
    """Who answered a review, when, and how; `reason` is that of a no."""

    by: str
    at: datetime
    approved: bool
    reason: str | None = None


class Review(StrictModel):
    """Exactly what a publish would send, and where to.

    Attributes:
        digest: Of all that is sent and where to; an approval names it.
        files: Every file, the manifest and the statement too.
        verdict: The policy's; `reasons` are its sentences, `waived_by` who lets it go all the same.
        collapse: Why mode collapse is suspected; None: it is not.
        page: The artifact that has the page for the data protection officer.
        answer: None: nobody has answered yet.
    """

    digest: Digest
    hub: ConnectedHub
    card: ModelCard
    manifest_digest: Digest
    statement_digest: Digest
    policy_digest: Digest
    files: tuple[ReviewedFile, ...]
    verdict: Verdict
    reasons: tuple[str, ...]
    waived_by: str | None = None
    collapse: str | None = None
    page: str
    answer: Answered | None = Field(None)
