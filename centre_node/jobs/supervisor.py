"""A worker process that is alive when needed, and ends when its job is to stop."""

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from centre_node.jobs.errors import JobTooLongError, WorkerDiedError
from centre_node.jobs.failures import problem_of
from centre_node.jobs.options import WorkerOptions
from centre_node.jobs.spare import Spare
from centre_node.jobs.store import JobStore
from centre_node.settings import worker_environment
from node_api.jobs import Job
from shared.files import is_full_disk

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
WATCH_SECONDS = 0.25
STOP_SECONDS = 20
RESTART_SECONDS = 1.0
TERMINATE_SECONDS = 1.0
"""So long a cancelled job may end by itself, at its next report of progress."""

KILL_SECONDS = 2.5
"""So long after the cancel, a worker in the middle of something long is killed."""


class Worker:
    """A worker process with all its children, which are one group of processes."""

    def __init__(self, command: list[str]) -> None:
        # The pipe's end tells the worker that this process is gone.
        self._process = subprocess.Popen(  # noqa: S603 (ours)
            command, stdin=subprocess.PIPE, env=worker_environment(), start_new_session=True
        )
        self.pid = self._process.pid
        self._was_stopped = False

    def has_ended(self) -> bool:
        """Tell whether it has ended; if so, its children are ended too."""
        waited = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if waited is None:
            return False
        self._kill_group()  # before it is waited for, so that the number is nobody else's
        self._process.wait()
        return True

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise than it should and than it was made to."""
        return self._process.returncode != 0 and not self._was_stopped

    @property
    def returncode(self) -> int | None:
        """How it ended, as `subprocess` says it."""
        return self._process.returncode

    def terminate(self) -> None:
        """Ask it to put its job back and end."""
        if not self._was_stopped:
            self._was_stopped = True
            self._process.terminate()

    def kill(self) -> None:
        """End it and its children at once."""
        self._was_stopped = True
        self._kill_group()

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            log.debug("no process of worker %s is left", self.pid)

    def stop(self) -> None:
        """Have it put its job back and end; wait until it has."""
        self.terminate()
        until = time.monotonic() + STOP_SECONDS
        while not self.has_ended():
            if time.monotonic() > until:
                self.kill()
            time.sleep(WATCH_SECONDS / 5)


class Supervisor:
    """Starts a worker when a job waits, stops it when its job is to end, tends a dead one's job.

    Args:
        longest: How long a job may run; None: as long as it takes.
    """

    def __init__(
        self,
        store: JobStore,
        options: WorkerOptions,
        *,
        clock: Callable[[], datetime],
        longest: timedelta | None = None,
    ) -> None:
        self._store = store
        self._options = options
        self._spare = Spare(options.data_dir)
        self._clock = clock
        self._longest = longest
        self._worker: Worker | None = None
        self._to_stop: dict[str, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        """Begin to watch the queue."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching and stop the worker; its job goes on at the next start."""
        self._stopping.set()
        self._thread.join()
        if self._worker is not None:
            self._worker.stop()

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_SECONDS):
            try:
                self._tend()
            except (OSError, SQLAlchemyError) as error:
                self._tell(error)
                self._stopping.wait(RESTART_SECONDS)

    def _tell(self, error: Exception) -> None:
        """Log why the queue cannot be tended, briefly where it can last long."""
        if is_full_disk(error):
            log.error("the queue cannot be tended: the node's disk is full")
        else:
            log.error("the queue cannot be tended; trying again", exc_info=error)

    def _tend(self) -> None:
        if self._worker is not None and not self._worker.has_ended():
            self._stop_what_must(self._worker)
            return
        if self._worker is not None:
            self._bury(self._worker)
        for job in self._store.running():
            self._recover(job)
        if self._store.has_due(now=self._clock()) and not self._stopping.is_set():
            self._worker = Worker(self._options.command())
            log.info("worker %s started", self._worker.pid)

    def _bury(self, worker: Worker) -> None:
        """Take note of a worker's end; what it was made to put down is no attempt."""
        self._worker = None
        if worker.failed:
            log.warning("worker %s ended with %s", worker.pid, worker.returncode)
            self._stopping.wait(RESTART_SECONDS)
        else:
            self._spare.write(lambda: self._store.release(now=self._clock()))

    def _stop_what_must(self, worker: Worker) -> None:
        """End a worker whose job was cancelled, or took too long, and did not stop by itself."""
        if self._fail_overlong():
            worker.kill()
        now = time.monotonic()
        self._to_stop = {
            job_id: self._to_stop.get(job_id, now) for job_id in self._store.to_be_stopped()
        }
        waited = max((now - since for since in self._to_stop.values()), default=0.0)
        if waited >= KILL_SECONDS:
            log.warning("worker %s is killed: its job was to stop and did not", worker.pid)
            worker.kill()
        elif waited >= TERMINATE_SECONDS:
            worker.terminate()

    def _fail_overlong(self) -> bool:
        """Fail a job that has run too long; tell whether there was one."""
        found = [job for job in self._store.running() if self._is_overlong(job)]
        for job in found:
            error = JobTooLongError("the job ran for as long as this node allows")
            self._store.fail(job.id, problem_of(error), now=self._clock())
        return bool(found)

    def _is_overlong(self, job: Job) -> bool:
        if self._longest is None or job.started_at is None:
            return False
        return self._clock() - job.started_at.replace(tzinfo=None) > self._longest

    def _recover(self, job: Job) -> None:
        log.warning("the worker of job %s is gone (attempt %s)", job.id, job.attempts)
        if job.attempts < MOST_ATTEMPTS:
            self._spare.write(lambda: self._store.requeue(job.id, now=self._clock()))
            return
        died = f"the worker process died {job.attempts} times while it ran this job"
        told = problem_of(WorkerDiedError(died))
        self._spare.write(lambda: self._store.fail(job.id, told, now=self._clock()))
