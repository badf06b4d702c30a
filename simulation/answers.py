"""What a centre node answers, as far as a simulation needs it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from centre_node.mammography.summaries import DatasetSummary

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]

FINISHED: frozenset[JobState] = frozenset({"succeeded", "failed", "cancelled"})


class Answer(BaseModel):
    """Base of what a node answers: fields that a newer node may add are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class JobProgress(Answer):
    """How far a job is; `rate` is in units a second, None while it is not known.

    So is `seconds_left`, which few kinds of jobs tell: those that know more than the rate.
    `warning` is what a person should look at; it stays once it is there.
    """

    done: int
    total: int
    unit: str
    message: str = ""
    rate: float | None = None
    seconds_left: float | None = None
    warning: str | None = None


class JobProblem(Answer):
    """Why a job failed."""

    code: str
    detail: str
    hint: str


class Job(Answer):
    """A job at a node."""

    id: str
    kind: str
    state: JobState
    progress: JobProgress | None
    result: dict[str, Any] | None
    problem: JobProblem | None
    artifacts: tuple[str, ...]
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long it ran, if it has ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class Dataset(Answer):
    """A registered data set."""

    summary: DatasetSummary
