"""The rules of jobs: queueing, cancelling, and a worker process that is alive when needed."""

import logging
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from centre_node.jobs.errors import (
    ArtifactNotFoundError,
    JobConflictError,
    JobNotFoundError,
    WorkerDiedError,
)
from centre_node.jobs.store import JobStore
from centre_node.mammography.datasets import DataFolders
from centre_node.settings import worker_environment
from node_api.jobs import Job, JobProblem
from node_api.requests import AnyJobRequest
from shared.problems import GenshareError

log = logging.getLogger(__name__)

ARTIFACTS = "artifacts"
ALLOW_UNENCRYPTED = "allow-unencrypted"
MOST_ATTEMPTS = 3
WATCH_SECONDS = 0.5
STOP_SECONDS = 20
RESTART_SECONDS = 1.0


class Jobs:
    """Jobs of this node. A job's files are in `folder/<job id>`."""

    def __init__(self, store: JobStore, folder: Path, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._folder = folder
        self._clock = clock

    def submit(self, request: AnyJobRequest, key: str | None) -> tuple[Job, bool]:
        """Queue a job; the same idempotency key with the same request returns the job it made.

        Returns:
            The job, and whether it is new.

        Raises:
            JobConflictError: The key was used for another request.
        """
        job_id = uuid.uuid4().hex
        if self._store.add(job_id, request, key, now=self._clock()):
            return self.find(job_id), True
        known = None if key is None else self._store.find_by_key(key)
        if known is None or known.request != request:
            raise JobConflictError("this idempotency key was used for another request")
        return self.find(known.id), False

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

    def all(self) -> tuple[Job, ...]:
        """Return every job, newest first."""
        return tuple(self.find(job.id) for job in self._store.all())

    def cancel(self, job_id: str) -> Job:
        """Cancel a queued job at once, a running one at its next report of progress.

        Raises:
            JobConflictError: It has ended.
        """
        self.find(job_id)
        stopped = self._store.cancel(job_id, "queued", now=self._clock())
        stopped = stopped or self._store.request_cancel(job_id)
        job = self.find(job_id)
        if not stopped:
            raise JobConflictError(
                f"the job is {job.state} already; only a waiting or running one can be cancelled"
            )
        return job

    def artifact(self, job_id: str, name: str) -> Path:
        """Return where an artifact lies.

        Raises:
            ArtifactNotFoundError: The job left none of that name.
        """
        if name not in self.find(job_id).artifacts:
            raise ArtifactNotFoundError("the job left no artifact of that name")
        return self._folder / job_id / ARTIFACTS / name


class Supervisor:
    """Starts a worker process when a job waits, and puts a dead worker's job back in the queue."""

    def __init__(self, store: JobStore, data_dir: Path, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._data_dir = data_dir
        self._clock = clock
        self._worker: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(
        self, folders: DataFolders, policy: Path | None, *, allow_unencrypted: bool = False
    ) -> None:
        """Begin to watch the queue.

        Args:
            policy: The file of the release policy; None: the one in the data folder, if any.
            allow_unencrypted: Whether the hub may be another machine over plain HTTP.
        """
        places = [str(place or "") for place in (folders.mammograms, folders.lent, policy)]
        allowed = [ALLOW_UNENCRYPTED] if allow_unencrypted else []
        worker = [sys.executable, "-m", "centre_node.jobs.worker"]
        self._command = [*worker, str(self._data_dir), *places, *allowed]
        self._thread.start()

    def stop(self) -> None:
        """Stop watching and stop the worker; its job goes on at the next start."""
        self._stopping.set()
        self._thread.join()
        if self._worker is not None and self._worker.poll() is None:
            self._worker.terminate()
            try:
                self._worker.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._worker.kill()
                self._worker.wait()

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_SECONDS):
            try:
                self._tend()
            except (OSError, SQLAlchemyError):
                log.exception("the queue cannot be tended; trying again")
                self._stopping.wait(RESTART_SECONDS)

    def _tend(self) -> None:
        if self._worker is not None and self._worker.poll() is None:
            return
        if self._worker is not None and self._worker.returncode:
            log.warning("worker %s ended with %s", self._worker.pid, self._worker.returncode)
            self._stopping.wait(RESTART_SECONDS)
        self._worker = None
        for job in self._store.running():
            self._recover(job)
        if self._store.has_queued() and not self._stopping.is_set():
            # The pipe's end tells the worker that this process is gone.
            self._worker = subprocess.Popen(  # noqa: S603 (ours)
                self._command, stdin=subprocess.PIPE, env=worker_environment()
            )
            log.info("worker %s started", self._worker.pid)

    def _recover(self, job: Job) -> None:
        log.warning("the worker of job %s is gone (attempt %s)", job.id, job.attempts)
        if self._store.cancel_requested(job.id):
            self._store.cancel(job.id, "running", now=self._clock())
        elif job.attempts < MOST_ATTEMPTS:
            self._store.requeue(job.id)
        else:
            error = WorkerDiedError(
                f"the worker process died {job.attempts} times while it ran this job"
            )
            self._store.fail(job.id, problem_of(error), now=self._clock())


def problem_of(error: GenshareError) -> JobProblem:
    """Return what a job's record says of an error."""
    return JobProblem(code=error.code, title=error.title, detail=str(error), hint=error.hint)
