"""The rules of jobs: what is queued, cancelled, resumed, answered, deleted and pruned."""

import asyncio
import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError

from centre_node.jobs.errors import (
    ArtifactNotFoundError,
    CollapseSuspectedError,
    JobConflictError,
    JobNotFoundError,
    NeededByJobsError,
    ReleaseRejectedError,
    ReviewChangedError,
)
from centre_node.jobs.failures import problem_of
from centre_node.jobs.needs import is_needed
from centre_node.jobs.pruning import ARTIFACTS, KEEP_ALL, Kept, prunable, prune, remove
from centre_node.jobs.store import JobStore
from node_api.connection import ConnectedHub
from node_api.jobs import FINISHED, Job, PrunableJob
from node_api.requests import AnyJobRequest
from node_api.review import Answered, Approval, Rejection, Review
from shared.packages import PACKAGE

log = logging.getLogger(__name__)


PRUNE_SECONDS = 24 * 3600

Check = Callable[[AnyJobRequest], ConnectedHub | None]
"""Raises what keeps a job from being done, where that can be seen at once; returns its hub."""


def check_nothing(_request: AnyJobRequest) -> None:
    """Let every job be queued, for no hub."""


def tell_nobody(_digest: str) -> None:
    """Do nothing."""


class Jobs:
    """Jobs of this node. A job's files are in `folder/<job id>`.

    Args:
        check: Asked before a job is queued or resumed.
        kept: How long artifacts are kept, and how much of them.
        on_unsent: Takes the manifest's digest of a package that a person did not let go.
    """

    def __init__(
        self,
        store: JobStore,
        folder: Path,
        *,
        clock: Callable[[], datetime],
        check: Check = check_nothing,
        kept: Kept = KEEP_ALL,
        on_unsent: Callable[[str], object] = tell_nobody,
    ) -> None:
        self._store = store
        self._folder = folder
        self._clock = clock
        self._check = check
        self._kept = kept
        self._on_unsent = on_unsent
        self._alone = threading.Lock()  # nothing is deleted between a check and what it allows

    def submit(self, request: AnyJobRequest, key: str | None) -> tuple[Job, bool]:
        """Queue a job; the same idempotency key with the same request returns the job it made.

        It does so whatever became of that job: one that failed is resumed, not submitted again. A
        request that is refused makes no job and uses no key up.

        Returns:
            The job, and whether it is new.

        Raises:
            JobConflictError: The key was used for another request.
            GenshareError: The job cannot be done, as can be seen at once.
        """
        with self._alone:
            if key is not None and (known := self._store.find_by_key(key)) is not None:
                if known.request != request:
                    raise JobConflictError("this idempotency key was used for another request")
                return self.find(known.id), False
            hub, job_id = self._check(request), uuid.uuid4().hex
            self._store.add(job_id, request, key, hub=hub, now=self._clock())
        return self.find(job_id), True

    def find(self, job_id: str) -> Job:
        """Return a job with the names of its artifacts.

        Raises:
            JobNotFoundError: None has that id.
        """
        job = self._store.find(job_id)
        if job is None:
            raise JobNotFoundError("no job has that id")
        folder = self._folder / job.id / ARTIFACTS
        found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        names = sorted(path.as_posix() for path in found if not path.name.startswith("."))
        return job.model_copy(update={"artifacts": tuple(names)})

    def revision(self, job_id: str) -> int | None:
        """Return a job's revision, which is quick to read; None where no job has the id."""
        return self._store.revision(job_id)

    def all(self) -> tuple[Job, ...]:
        """Return every job, newest first."""
        return tuple(self.find(job.id) for job in self._store.all())

    def cancel(self, job_id: str) -> Job:
        """Cancel a job: one that waits at once, one that runs within five seconds.

        Whatever the worker does then, the job ends as cancelled. What it has written stays, so that
        it can be resumed.

        Raises:
            JobConflictError: It has ended.
        """
        before = self.find(job_id)
        accepted, job = self._store.cancel(job_id, now=self._clock()), self.find(job_id)
        if not accepted:
            raise JobConflictError(
                f"the job is {job.state} already; only a waiting or running one can be cancelled"
            )
        if before.state == "awaiting_review" and before.review is not None:
            self._on_unsent(before.review.manifest_digest)
        return job

    def resume(self, job_id: str) -> Job:
        """Queue a job again that failed or was cancelled; it goes on from what it has.

        Raises:
            JobConflictError: It has neither failed nor been cancelled, or a person rejected it.
            GenshareError: It cannot be done, as can be seen at once.
        """
        with self._alone:
            job = self.find(job_id)
            if job.review is not None and job.review.answer and not job.review.answer.approved:
                raise JobConflictError(
                    f"{job.review.answer.by} rejected what this job would publish; submit a new one"
                )
            hub = self._check(job.request)
            if not self._store.resume(job_id, hub):
                raise JobConflictError(
                    f"the job is {job.state}; only a failed or cancelled one can be resumed"
                )
        return self.find(job_id)

    def approve(self, job_id: str, approval: Approval) -> Job:
        """Let a publish go on that waits for a person; what was reviewed is what is sent.

        Raises:
            JobConflictError: It does not wait for a person.
            ReviewChangedError: The approval is of another review.
            CollapseSuspectedError: Mode collapse is suspected, and the approval says nothing of it.
        """
        review = self._reviewed(job_id)
        if approval.digest != review.digest:
            raise ReviewChangedError(
                f"the approval is of the review {approval.digest}, but {review.digest} waits"
            )
        if review.collapse is not None and not approval.despite_collapse:
            raise CollapseSuspectedError(f"not approved: {review.collapse}")
        answer = Answered(by=approval.by, at=self._answered_at(), approved=True)
        if not self._store.answer(job_id, review.model_copy(update={"answer": answer})):
            raise self._not_waiting(job_id)
        return self.find(job_id)

    def reject(self, job_id: str, rejection: Rejection) -> Job:
        """End a publish that waits for a person; nothing is sent, and its package is removed.

        Raises:
            JobConflictError: It does not wait for a person.
            LedgerError: It cannot be written down that the package counts as released no more.
        """
        review = self._reviewed(job_id)
        answer = Answered(
            by=rejection.by, at=self._answered_at(), approved=False, reason=rejection.reason
        )
        problem = problem_of(ReleaseRejectedError(f"{rejection.by}: {rejection.reason}"))
        answered = review.model_copy(update={"answer": answer})
        if not self._store.reject(job_id, answered, problem, now=self._clock()):
            raise self._not_waiting(job_id)
        self._on_unsent(review.manifest_digest)
        remove(self._folder / job_id / PACKAGE)
        return self.find(job_id)

    def delete(self, job_id: str) -> None:
        """Forget a job that has ended, and remove all its files: a training's weights, too.

        Raises:
            JobConflictError: It has not ended.
            NeededByJobsError: A job that has not ended needs it.
        """
        with self.unneeded("job", job_id):
            job = self.find(job_id)
            if job.state not in FINISHED:
                raise JobConflictError(f"the job is {job.state}; cancel it before it is deleted")
            remove(self._folder / job_id)  # first: no weights without a record are left behind
            self._store.delete(job_id)

    @contextmanager
    def unneeded(self, what: str, name: str) -> Iterator[None]:
        """Keep jobs from being queued while something that none needs is deleted.

        Args:
            what: "job", "data set" or "hub".
            name: Its id or name.

        Raises:
            NeededByJobsError: A job that has not ended needs it.
        """
        with self._alone:
            for job in self._store.unfinished():
                if is_needed(job, what, name):
                    raise NeededByJobsError(
                        f"the job {job.id} ({job.kind}), which is {job.state}, needs the {what} "
                        f"{name}"
                    )
            yield

    def prunable(self) -> tuple[PrunableJob, ...]:
        """Return the jobs whose artifacts go at the next pruning, oldest first."""
        return prunable(self._ended(), self._folder, self._kept, now=self._clock())

    def prune(self) -> tuple[PrunableJob, ...]:
        """Remove the artifacts of those jobs, and return them."""
        with self._alone:
            gone = self.prunable()
            for job in gone:
                prune(self._folder / job.id)
        return gone

    def artifact(self, job_id: str, name: str) -> Path:
        """Return where an artifact lies.

        Raises:
            ArtifactNotFoundError: The job left none of that name.
        """
        if name not in self.find(job_id).artifacts:
            raise ArtifactNotFoundError("the job left no artifact of that name")
        return self._folder / job_id / ARTIFACTS / name

    def _ended(self) -> tuple[Job, ...]:
        return tuple(job for job in self._store.all() if job.state in FINISHED)

    def _reviewed(self, job_id: str) -> Review:
        job = self.find(job_id)
        if job.state != "awaiting_review" or job.review is None:
            raise self._not_waiting(job_id)
        return job.review

    def _not_waiting(self, job_id: str) -> JobConflictError:
        return JobConflictError(f"the job is {self.find(job_id).state} and waits for no person")

    def _answered_at(self) -> datetime:
        return self._clock().replace(tzinfo=UTC)


async def prune_daily(jobs: Jobs) -> None:
    """Prune once a day, the first time a day after the start: until then it is told what goes."""
    while True:
        await asyncio.sleep(PRUNE_SECONDS)
        try:
            gone = await to_thread.run_sync(jobs.prune)
        except (OSError, SQLAlchemyError):
            log.exception("artifacts cannot be pruned; trying again tomorrow")
        else:
            log.info("artifacts of %d jobs were pruned", len(gone))
