"""Jobs in the database; the service and its worker share it.

Each change is one statement that looks at the state itself. So of a cancel and an end that meet,
one comes first, and a job whose cancel was accepted never ends otherwise.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Engine, and_, case, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from centre_node.database import JobRow
from node_api.connection import ConnectedHub
from node_api.jobs import FINISHED, Job, JobProblem, JobState
from node_api.requests import AnyJobRequest, JobKind
from node_api.results import RESULTS, JobResult, PulledGenerator
from node_api.review import Review
from shared.progress import Progress

REQUEST: TypeAdapter[AnyJobRequest] = TypeAdapter(AnyJobRequest)
RUNNING: tuple[JobState, ...] = ("running",)
IN_REVIEW: tuple[JobState, ...] = ("awaiting_review",)
AFRESH = {
    "state": "queued",
    "cancel_requested": False,
    "problem": None,
    "attempts": 0,
    "retries": 0,
    "retry_at": None,
    "finished_at": None,
    "worker": None,
}
"""What is forgotten of a job that is resumed; its progress and its files are not."""


MOST_LOOKED_AT = 100
"""Of the jobs that wait, so many of the oldest are looked at."""


@dataclass(frozen=True, slots=True)
class PlacedJob:
    """A job that a worker does or is to do next, and the worker's number."""

    job: Job
    worker: int | None


class JobStore:
    """Reads and writes jobs. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(
        self,
        job_id: str,
        request: AnyJobRequest,
        key: str | None,
        *,
        now: datetime,
        hub: ConnectedHub | None = None,
    ) -> bool:
        """Queue a job; False if another one has this idempotency key."""
        row = JobRow(
            id=job_id,
            idempotency_key=key,
            kind=request.kind,
            state="queued",
            request=REQUEST.dump_json(request).decode(),
            created_at=now,
            hub=None if hub is None else hub.model_dump_json(),
        )
        try:
            with Session(self._engine) as session, session.begin():
                session.add(row)
        except IntegrityError:
            return False
        return True

    def find(self, job_id: str) -> Job | None:
        """Return a job by id."""
        return self._one(JobRow.id == job_id)

    def find_by_key(self, key: str) -> Job | None:
        """Return the job that was queued under an idempotency key."""
        return self._one(JobRow.idempotency_key == key)

    def revision(self, job_id: str) -> int | None:
        """Return a job's revision, which is quick to read; None where no job has the id."""
        with Session(self._engine) as session:
            return session.scalar(select(JobRow.revision).where(JobRow.id == job_id))

    def all(self) -> tuple[Job, ...]:
        """Return every job, newest first."""
        return self._all()

    def unfinished(self) -> tuple[Job, ...]:
        """Return the jobs that wait, run or are looked at, newest first."""
        return self._all(JobRow.state.not_in(FINISHED))

    def running(self) -> tuple[Job, ...]:
        """Return the jobs that a worker has, or had when it died."""
        return self._all(JobRow.state == "running")

    def pulls(self) -> tuple[PulledGenerator, ...]:
        """Return what each finished pull found, oldest first."""
        done = (JobRow.kind == "pull", JobRow.result.is_not(None))
        with Session(self._engine) as session:
            results = session.scalars(select(JobRow.result).where(*done).order_by(JobRow.number))
            return tuple(PulledGenerator.model_validate_json(text or "") for text in results)

    def has_due(self, *, now: datetime) -> bool:
        """Tell whether a job waits that is to begin now."""
        query = select(JobRow.number).where(*_due(now)).limit(1)
        with Session(self._engine) as session:
            return session.scalar(query) is not None

    def waiting(self, kinds: Collection[JobKind], *, now: datetime) -> tuple[Job, ...]:
        """Return due jobs of some kinds that no worker has, the oldest first."""
        conditions = (*_due(now), JobRow.worker.is_(None), JobRow.kind.in_(kinds))
        query = select(JobRow).where(*conditions).order_by(JobRow.number).limit(MOST_LOOKED_AT)
        with Session(self._engine) as session:
            return tuple(map(_job, session.scalars(query)))

    def outlook(self, *, now: datetime) -> tuple[int, ...]:
        """Return numbers that change when another job may be to begin; quick to read."""
        due = select(func.count()).where(*_due(now), JobRow.worker.is_(None)).scalar_subquery()
        taken = select(func.count()).where(_is_placed()).scalar_subquery()
        newest = select(func.coalesce(func.max(JobRow.number), 0)).scalar_subquery()
        with Session(self._engine) as session:
            return tuple(session.execute(select(newest, due, taken)).one())

    def place(self, job_id: str, worker: int) -> None:
        """Say which worker is to do a waiting job."""
        with Session(self._engine) as session, session.begin():
            chosen = (JobRow.id == job_id, JobRow.state == "queued")
            session.execute(update(JobRow).where(*chosen).values(worker=worker))

    def placed(self) -> tuple[PlacedJob, ...]:
        """Return the jobs that a worker does, or did when it died, or is to do next."""
        query = select(JobRow).where(_is_placed()).order_by(JobRow.number)
        with Session(self._engine) as session:
            return tuple(PlacedJob(_job(row), row.worker) for row in session.scalars(query))

    def displace(self) -> None:
        """Forget which worker was to do the jobs that wait."""
        with Session(self._engine) as session, session.begin():
            session.execute(update(JobRow).where(JobRow.state == "queued").values(worker=None))

    def claim(self, *, now: datetime, worker: int | None = None) -> Job | None:
        """Mark the oldest due job as running and return it; no two callers get the same.

        Args:
            worker: Takes only a job that was placed with it; None: any.
        """
        mine = () if worker is None else (JobRow.worker == worker,)
        oldest = (
            select(JobRow.number).where(*_due(now), *mine).order_by(JobRow.number).limit(1)
        ).scalar_subquery()
        claimed = (
            update(JobRow)
            .where(JobRow.number == oldest, JobRow.state == "queued")
            .values(
                state="running",
                started_at=now,
                retry_at=None,
                attempts=JobRow.attempts + 1,
                revision=JobRow.revision + 1,
            )
            .returning(JobRow.id)
        )
        with Session(self._engine) as session, session.begin():
            job_id = session.scalar(claimed)
        return None if job_id is None else self.find(job_id)

    def report(self, job_id: str, progress: Progress) -> None:
        """Write a running job's progress."""
        self._update(job_id, RUNNING, progress=progress.model_dump_json())

    def succeed(
        self,
        job_id: str,
        result: JobResult,
        *,
        now: datetime,
        if_cancelled: JobProblem | None = None,
    ) -> None:
        """Finish a running job with its result.

        Args:
            if_cancelled: What is said of one that was cancelled too late to undo what it did.
        """
        told = None if if_cancelled is None else if_cancelled.model_dump_json()
        self._end(
            job_id,
            "succeeded",
            now,
            result=_unless_cancelled(result.model_dump_json()),
            problem=_unless_cancelled(None, otherwise=told),
        )

    def fail(self, job_id: str, problem: JobProblem, *, now: datetime) -> None:
        """Finish a running job with the reason why it failed."""
        self._end(job_id, "failed", now, problem=_unless_cancelled(problem.model_dump_json()))

    def retry(self, job_id: str, problem: JobProblem, *, retry_at: datetime, now: datetime) -> None:
        """Have a running job that failed for a passing reason wait, and begin again later."""
        self._put_back(
            job_id,
            now,
            problem=_unless_cancelled(problem.model_dump_json()),
            retries=JobRow.retries + 1,
            retry_at=_unless_cancelled(retry_at),
            attempts=JobRow.attempts - 1,
        )

    def await_review(self, job_id: str, review: Review, *, now: datetime) -> None:
        """Have a running publish wait for a person."""
        self._put_back(
            job_id,
            now,
            to="awaiting_review",
            review=review.model_dump_json(),
            attempts=JobRow.attempts - 1,
        )

    def answer(self, job_id: str, review: Review) -> bool:
        """Let a publish go on that a person approved; False if it does not wait for one."""
        return self._update(job_id, IN_REVIEW, state="queued", review=review.model_dump_json())

    def reject(self, job_id: str, review: Review, problem: JobProblem, *, now: datetime) -> bool:
        """End a publish that a person rejected; False if it does not wait for one."""
        return self._update(
            job_id,
            IN_REVIEW,
            state="failed",
            review=review.model_dump_json(),
            problem=problem.model_dump_json(),
            finished_at=now,
        )

    def cancel(self, job_id: str, *, now: datetime) -> bool:
        """Cancel a job; False if it has ended.

        One that waits is cancelled then; one that runs can end in no other way any more.
        """
        runs = JobRow.state == "running"
        return self._update(
            job_id,
            ("queued", "awaiting_review", "running"),
            cancel_requested=True,
            state=case((runs, "running"), else_="cancelled"),
            finished_at=case((runs, None), else_=now),
            retry_at=None,
        )

    def cancel_requested(self, job_id: str) -> bool:
        """Tell whether somebody asked to stop the job."""
        with Session(self._engine) as session:
            query = select(JobRow.cancel_requested).where(JobRow.id == job_id)
            return bool(session.scalar(query))

    def to_be_stopped(self) -> tuple[str, ...]:
        """Return the ids of jobs that run although they were cancelled."""
        query = select(JobRow.id).where(JobRow.state == "running", JobRow.cancel_requested)
        with Session(self._engine) as session:
            return tuple(session.scalars(query))

    def requeue(self, job_id: str, *, now: datetime) -> None:
        """Put a job whose worker died back in the queue."""
        self._put_back(job_id, now)

    def release(self, *, now: datetime, worker: int | None = None) -> None:
        """Put a worker's running job back in the queue: to be told to stop is no attempt.

        Args:
            worker: None: those of all workers.
        """
        for placed in self.placed():
            if placed.job.state == "running" and worker in (None, placed.worker):
                self._put_back(placed.job.id, now, attempts=JobRow.attempts - 1)

    def resume(self, job_id: str, hub: ConnectedHub | None) -> bool:
        """Queue a job again that failed or was cancelled; False if it is in another state."""
        told = None if hub is None else hub.model_dump_json()
        return self._update(job_id, ("failed", "cancelled"), hub=told, **AFRESH)

    def delete(self, job_id: str) -> None:
        """Forget a job that has ended."""
        gone = delete(JobRow).where(JobRow.id == job_id, JobRow.state.in_(FINISHED))
        with Session(self._engine) as session, session.begin():
            session.execute(gone)

    def _end(self, job_id: str, state: JobState, now: datetime, **values: object) -> None:
        self._update(
            job_id, RUNNING, state=_unless_cancelled(state, "cancelled"), finished_at=now, **values
        )

    def _put_back(
        self, job_id: str, now: datetime, *, to: JobState = "queued", **values: object
    ) -> None:
        """Have a running job wait, or end where it was cancelled."""
        self._update(
            job_id,
            RUNNING,
            state=_unless_cancelled(to, "cancelled"),
            worker=None,
            finished_at=_unless_cancelled(None, now),
            **values,
        )

    def _update(self, job_id: str, states: Collection[JobState], /, **values: object) -> bool:
        """Change a job that is in one of `states`, and only then."""
        changed = (
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state.in_(states))
            .values(revision=JobRow.revision + 1, **values)
            .returning(JobRow.id)
        )
        with Session(self._engine) as session, session.begin():
            return session.scalar(changed) is not None

    def _one(self, condition: Any) -> Job | None:
        with Session(self._engine) as session:
            row = session.scalar(select(JobRow).where(condition).limit(1))
            return None if row is None else _job(row)

    def _all(self, *conditions: ColumnElement[bool]) -> tuple[Job, ...]:
        query = select(JobRow).where(*conditions).order_by(JobRow.number.desc())
        with Session(self._engine) as session:
            return tuple(map(_job, session.scalars(query)))


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return JobRow.state == "queued", or_(JobRow.retry_at.is_(None), JobRow.retry_at <= now)


def _is_placed() -> ColumnElement[bool]:
    return or_(
        JobRow.state == "running", and_(JobRow.state == "queued", JobRow.worker.is_not(None))
    )


def _unless_cancelled(value: object, otherwise: object = None) -> ColumnElement[Any]:
    return case((JobRow.cancel_requested, otherwise), else_=value)


def _job(row: JobRow) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        state=row.state,
        request=REQUEST.validate_json(row.request),
        progress=None if row.progress is None else Progress.model_validate_json(row.progress),
        result=None if row.result is None else _result(row.kind, row.result),
        problem=None if row.problem is None else JobProblem.model_validate_json(row.problem),
        attempts=row.attempts,
        revision=row.revision,
        created_at=row.created_at.replace(tzinfo=UTC),
        started_at=_in_utc(row.started_at),
        finished_at=_in_utc(row.finished_at),
        hub=None if row.hub is None else ConnectedHub.model_validate_json(row.hub),
        review=None if row.review is None else Review.model_validate_json(row.review),
        retries=row.retries,
        retry_at=_in_utc(row.retry_at),
    )


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _result(kind: str, text: str) -> JobResult:
    return RESULTS[kind].model_validate_json(text)
