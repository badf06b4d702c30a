"""Jobs as a node's callers see them."""

from datetime import datetime
from typing import Literal

from node_api.requests import AnyJobRequest, JobKind
from node_api.results import JobResult
from shared.models import StrictModel
from shared.progress import Progress

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]


FINISHED: frozenset[JobState] = frozenset({"succeeded", "failed", "cancelled"})


class JobProblem(StrictModel):
    """Why a job failed."""

    code: str
    title: str
    detail: str
    hint: str


class Job(StrictModel):
    """A job as its callers see it; `revision` grows with every change."""

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

    @property
    def seconds(self) -> float | None:
        """How long it ran, if it has ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()
