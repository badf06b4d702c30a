"""Jobs in the database; the service and its worker share it."""

from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from centre_node.database import JobRow
from node_api.jobs import Job, JobProblem, JobState
from node_api.requests import AnyJobRequest
from node_api.results import RESULTS, JobResult, PulledGenerator
from shared.progress import Progress

REQUEST: TypeAdapter[AnyJobRequest] = TypeAdapter(AnyJobRequest)


class JobStore:
    """Reads and writes jobs. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, job_id: str, request: AnyJobRequest, key: str | None, *, now: datetime) -> bool:
        """Queue a job; False if another one has this idempotency key."""
        row = JobRow(
            id=job_id,
            idempotency_key=key,
            kind=request.kind,
            state="queued",
            request=REQUEST.dump_json(request).decode(),
            created_at=now,
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

    def all(self) -> tuple[Job, ...]:
        """Return every job, newest first."""
        with Session(self._engine) as session:
            rows = session.scalars(select(JobRow).order_by(JobRow.number.desc()))
            return tuple(map(_job, rows))

    def pulls(self) -> tuple[PulledGenerator, ...]:
        """Return what each finished pull found, oldest first."""
        done = (JobRow.kind == "pull", JobRow.result.is_not(None))
        with Session(self._engine) as session:
            results = session.scalars(select(JobRow.result).where(*done).order_by(JobRow.number))
            return tuple(PulledGenerator.model_validate_json(text or "") for text in results)

    def has_queued(self) -> bool:
        """Tell whether a job waits."""
        return self._one(JobRow.state == "queued") is not None

    def claim(self, *, now: datetime) -> Job | None:
        """Mark the oldest queued job as running and return it; no two callers get the same."""
        oldest = (
            select(JobRow.number).where(JobRow.state == "queued").order_by(JobRow.number).limit(1)
        ).scalar_subquery()
        claimed = (
            update(JobRow)
            .where(JobRow.number == oldest, JobRow.state == "queued")
            .values(
                state="running",
                started_at=now,
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
        self._update(job_id, "running", progress=progress.model_dump_json())

    def succeed(self, job_id: str, result: JobResult, *, now: datetime) -> None:
        """Finish a running job with its result."""
        values = {"state": "succeeded", "result": result.model_dump_json(), "finished_at": now}
        self._update(job_id, "running", **values)

    def fail(self, job_id: str, problem: JobProblem, *, now: datetime) -> None:
        """Finish a running job with the reason why it failed."""
        values = {"state": "failed", "problem": problem.model_dump_json(), "finished_at": now}
        self._update(job_id, "running", **values)

    def cancel(self, job_id: str, state: JobState, *, now: datetime) -> bool:
        """Finish a job as cancelled; False if it is not in `state`."""
        return self._update(job_id, state, state="cancelled", finished_at=now)

    def request_cancel(self, job_id: str) -> bool:
        """Ask the worker to stop a running job; False if it does not run."""
        return self._update(job_id, "running", cancel_requested=True)

    def cancel_requested(self, job_id: str) -> bool:
        """Tell whether somebody asked to stop the job."""
        with Session(self._engine) as session:
            query = select(JobRow.cancel_requested).where(JobRow.id == job_id)
            return bool(session.scalar(query))

    def running(self) -> tuple[Job, ...]:
        """Return the jobs that a worker has, or had when it died."""
        with Session(self._engine) as session:
            return tuple(
                map(_job, session.scalars(select(JobRow).where(JobRow.state == "running")))
            )

    def requeue(self, job_id: str) -> None:
        """Put a job whose worker died back in the queue."""
        self._update(job_id, "running", state="queued")

    def release(self) -> None:
        """Put the running job back in the queue; a worker that is told to stop is no attempt."""
        for job in self.running():
            self._update(job.id, "running", state="queued", attempts=JobRow.attempts - 1)

    def _update(self, job_id: str, state: JobState, /, **values: object) -> bool:
        """Change a job that is in `state`, and only then: service and worker both change jobs."""
        changed = (
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state == state)
            .values(revision=JobRow.revision + 1, **values)
            .returning(JobRow.id)
        )
        with Session(self._engine) as session, session.begin():
            return session.scalar(changed) is not None

    def _one(self, condition: Any) -> Job | None:
        with Session(self._engine) as session:
            row = session.scalar(select(JobRow).where(condition).limit(1))
            return None if row is None else _job(row)


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
        started_at=None if row.started_at is None else row.started_at.replace(tzinfo=UTC),
        finished_at=None if row.finished_at is None else row.finished_at.replace(tzinfo=UTC),
    )


def _result(kind: str, text: str) -> JobResult:
    return RESULTS[kind].model_validate_json(text)
