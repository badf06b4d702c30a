"""Jobs as a node's callers see them."""

from datetime import datetime
from typing import Literal

from node_api.connection import ConnectedHub
from node_api.requests import AnyJobRequest, JobKind
from node_api.results import JobResult
from node_api.review import Review
from shared.models import StrictModel
from shared.progress import Progress

JobState = Literal["queued", "running", "awaiting_review", "succeeded", "failed", "cancelled"]

FINISHED: frozenset[JobState] = frozenset({"succeeded", "failed", "cancelled"})

Failure = Literal["input", "resources", "network", "policy", "internal"]
"""What a failure is one of.

`input`: what was asked for, or the data, must change. `resources`: memory, disk or time ran out.
`network`: the hub did not answer. `policy`: the centre's policy or a person says no. `internal`: a
fault in genshare, or of a kind that it does not know.
"""


class JobProblem(StrictModel):
    """Why a job failed.

    Attributes:
        failure: None: an earlier version wrote it.
    """

    code: str
    title: str
    detail: str
    hint: str
    failure: Failure | None = None


class Job(StrictModel):
    """A job as its callers see it; `revision` grows with every change.

    Attributes:
        problem: Why it failed; of one that is tried again, why it failed the last time.
        attempts: How often a worker began it, but for those that were told to stop.
        hub: Where a publish or pull goes, and as whom: settled when it was submitted.
        review: What a publish would send, where a person looks at it before.
        retries: How often it was tried again after a passing failure.
        retry_at: When a waiting job is tried again; None: as soon as it is its turn.
    """

    id: str
    kind: JobKind
    state: JobState
    request: AnyJobRequest
    progress: Progress | None
    result: JobResult | None
    problem: JobProblem | None
    artifacts: tuple[str, ...] = ()
    attempts: int
    revision: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    hub: ConnectedHub | None = None
    review: Review | None = None
    retries: int = 0
    retry_at: datetime | None = None

    @property
    def seconds(self) -> float | None:
        """How long it ran, if it has ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class PrunableJob(StrictModel):
    """A job whose artifacts go at the next pruning; its record and a training's weights stay.

    Attributes:
        size_bytes: Of what goes.
        reason: `age`: it ended longer ago than artifacts are kept. `size`: all artifacts together
            are larger than what is kept, and this is one of the oldest.
    """

    id: str
    kind: JobKind
    finished_at: datetime
    size_bytes: int
    reason: Literal["age", "size"]
