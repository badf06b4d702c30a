"""Worker processes that are alive when needed, and end when their jobs are to stop."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from centre_node.jobs.errors import JobTooLargeError, JobTooLongError, WorkerDiedError
from centre_node.jobs.failures import problem_of
from centre_node.jobs.options import WorkerOptions
from centre_node.jobs.slots import HEAVY, LIGHT, Queue, Slots
from centre_node.jobs.spare import Spare
from centre_node.jobs.store import JobStore, PlacedJob
from centre_node.jobs.worker_process import WATCH_SECONDS, Worker
from node_api.jobs import Job
from shared.files import is_full_disk
from shared.problems import GenshareError

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
RESTART_SECONDS = 1.0
TERMINATE_SECONDS = 1.0
"""So long a cancelled job may end by itself, at its next report of progress."""

KILL_SECONDS = 2.5
"""So long after the cancel, a worker in the middle of something long is killed."""

LOOK_SECONDS = 5.0
"""So often it is looked at the latest whether a job can begin."""

WEIGH_SECONDS = 1.0
"""So often it is looked how much memory workers take."""


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What a job may take; None: as much as it does.

    Attributes:
        memory_bytes: Of its processes together, without what they share with others.
    """

    time: timedelta | None = None
    memory_bytes: int | None = None


NO_LIMITS = JobLimits()
ONE_AT_A_TIME = Slots(processors=1, light=1, heavy=1)


class Supervisor:
    """Gives each due job a worker, stops those whose job is to end, tends the job of a dead one.

    Args:
        slots: How many jobs are done at once; by default one heavy and one light one.
        limits: What a job may take; what takes more fails.
    """

    def __init__(
        self,
        store: JobStore,
        options: WorkerOptions,
        *,
        clock: Callable[[], datetime],
        slots: Slots = ONE_AT_A_TIME,
        limits: JobLimits = NO_LIMITS,
    ) -> None:
        self._store = store
        self._options = options
        self._spare = Spare(options.data_dir)
        self._clock = clock
        self._slots = slots
        self._limits = limits
        self._workers: dict[int, Worker] = {}
        self._outlook: tuple[int, ...] = ()
        self._looked = 0.0
        self._to_stop: dict[str, float] = {}
        self._weighed = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        """Begin to watch the queue."""
        self._spare.write(self._store.displace)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching and stop the workers; their jobs go on at the next start."""
        self._stopping.set()
        self._thread.join()
        for worker in self._workers.values():
            worker.terminate()
        for worker in self._workers.values():
            worker.stop()

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
        for number, worker in tuple(self._workers.items()):
            if worker.has_ended():
                self._bury(number, worker)
        may_begin = self._may_begin_another()
        if self._workers or may_begin:
            placed = self._store.placed()
            self._recover_left(placed)
            self._stop_what_must(placed)
        if may_begin:
            self._place()
            self._start_workers()

    def _bury(self, number: int, worker: Worker) -> None:
        """Take note of a worker's end; what it was made to put down is no attempt."""
        del self._workers[number]
        self._looked = 0.0  # it may leave a job that it was to do next
        if worker.failed:
            log.warning("worker %s ended with %s", worker.pid, worker.returncode)
            self._stopping.wait(RESTART_SECONDS)
        else:
            self._spare.write(partial(self._store.release, now=self._clock(), worker=number))

    def _recover_left(self, placed: tuple[PlacedJob, ...]) -> None:
        """Tend the jobs that run nowhere: their worker, or the whole service, died."""
        for one in placed:
            if one.job.state == "running" and one.worker not in self._workers:
                self._recover(one.job)

    def _stop_what_must(self, placed: tuple[PlacedJob, ...]) -> None:
        """End workers whose job takes too much, or was cancelled and does not stop by itself."""
        now, cancelled = time.monotonic(), set(self._store.to_be_stopped())
        self._to_stop = {job_id: self._to_stop.get(job_id, now) for job_id in cancelled}
        weighs = now - self._weighed >= WEIGH_SECONDS
        self._weighed = now if weighs else self._weighed
        for one in placed:
            worker = None if one.worker is None else self._workers.get(one.worker)
            if worker is None or one.job.state != "running":
                continue
            error = self._too_much(one.job, worker if weighs else None)
            if error is not None:
                self._store.fail(one.job.id, problem_of(error), now=self._clock())
                worker.kill()
            elif one.job.id in cancelled:
                _end(worker, now - self._to_stop[one.job.id])

    def _too_much(self, job: Job, weighed: Worker | None) -> GenshareError | None:
        """Return why a job has to end that takes too much; None where it does not.

        Args:
            weighed: Its worker, where it is to be looked how much memory that has.
        """
        if self._is_overlong(job):
            return JobTooLongError("the job ran for as long as this node allows")
        most = self._limits.memory_bytes
        if weighed is not None and most is not None and weighed.memory_bytes() > most:
            return JobTooLargeError(f"the job took more memory than {most / 1e9:.1f} GB")
        return None

    def _is_overlong(self, job: Job) -> bool:
        if self._limits.time is None or job.started_at is None:
            return False
        return self._clock() - job.started_at.replace(tzinfo=None) > self._limits.time

    def _may_begin_another(self) -> bool:
        """Tell whether something has changed, or that was not looked at for long."""
        outlook, looked = self._store.outlook(now=self._clock()), time.monotonic()
        if outlook == self._outlook and looked - self._looked < LOOK_SECONDS:
            return False
        self._outlook, self._looked = outlook, looked
        return True

    def _place(self) -> None:
        """Choose workers for the jobs that are to begin."""
        now = self._clock()
        waiting = (*self._store.waiting(HEAVY, now=now), *self._store.waiting(LIGHT, now=now))
        busy = {
            one.worker: one.job.request for one in self._store.placed() if one.worker is not None
        }
        queue = Queue(busy, sorted(waiting, key=lambda job: job.created_at), self._workers.keys())
        for job, worker in queue.placements(self._slots):
            self._spare.write(partial(self._store.place, job.id, worker))

    def _start_workers(self) -> None:
        if self._stopping.is_set():
            return
        for one in self._store.placed():
            number = one.worker
            if number is not None and one.job.state == "queued" and number not in self._workers:
                options = self._options.model_copy(update={"number": number})
                gpu = self._slots.gpu_of(number)
                self._workers[number] = worker = Worker(options.command(), gpu=gpu)
                log.info("worker %s started", worker.pid)

    def _recover(self, job: Job) -> None:
        log.warning("the worker of job %s is gone (attempt %s)", job.id, job.attempts)
        if job.attempts < MOST_ATTEMPTS:
            self._spare.write(partial(self._store.requeue, job.id, now=self._clock()))
            return
        died = f"the worker process died {job.attempts} times while it ran this job"
        told = problem_of(WorkerDiedError(died))
        self._spare.write(partial(self._store.fail, job.id, told, now=self._clock()))


def _end(worker: Worker, waited: float) -> None:
    """End a worker whose job was cancelled some seconds ago."""
    if waited >= KILL_SECONDS:
        log.warning("worker %s is killed: its job was to stop and did not", worker.pid)
        worker.kill()
    elif waited >= TERMINATE_SECONDS:
        worker.terminate()
