"""The worker process: runs queued jobs one after the other. Everything heavy is imported here."""

import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Thread

import cv2
import torch

from centre_node.database import open_database
from centre_node.datasets.places import places, without_places
from centre_node.jobs.errors import JobCancelledError, SentBeforeCancelError
from centre_node.jobs.failures import is_passing, problem_of, unexpected
from centre_node.jobs.handlers import handle
from centre_node.jobs.node import Node
from centre_node.jobs.options import WorkerOptions
from centre_node.jobs.pruning import ARTIFACTS
from centre_node.jobs.spare import Spare
from centre_node.jobs.store import JobStore
from centre_node.log_rules import keep_headers_out
from centre_node.mammography.datasets import data_folders
from node_api.jobs import Job, JobProblem
from node_api.results import JobResult
from node_api.review import Review
from shared.files import full_disk_named
from shared.log_format import TextLines
from shared.pace import Paced
from shared.problems import GenshareError
from shared.progress import Progress
from shared.records import GeneratorVersion

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
REPORT_SECONDS = 0.25


class ProgressReport:
    """Writes a job's progress, not too often, and raises when the job is to stop."""

    def __init__(self, store: JobStore, job: Job) -> None:
        self._store = store
        self._job_id = job.id
        self._written = 0.0
        self._warning = job.progress.warning if job.progress else None

    def __call__(self, progress: Progress) -> None:
        """Report; the last report of a job (done equals total) and warnings are always written.

        The last warning stays with all that is reported after it, by another worker too.

        Raises:
            JobCancelledError: Somebody cancelled the job.
        """
        now = time.monotonic()
        is_told = progress.done == progress.total or progress.warning is not None
        self._warning = progress.warning or self._warning
        if now - self._written < REPORT_SECONDS and not is_told:
            return
        self._written = now
        self._store.report(self._job_id, progress.model_copy(update={"warning": self._warning}))
        if self._store.cancel_requested(self._job_id):
            raise JobCancelledError("the job was cancelled")


def main() -> None:
    """Run jobs until none has come for a while or the service is gone."""
    logging.basicConfig(level=logging.INFO)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(TextLines("worker"))
    logging.getLogger("alembic").setLevel(logging.WARNING)
    keep_headers_out()
    os.umask(0o077)
    options = WorkerOptions.model_validate_json(sys.argv[1])
    engine = open_database(options.data_dir)
    store = JobStore(engine)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the service, which tells us
    # In a thread, for the main one may be in the middle of a transaction.
    own = [store, options.number]
    signal.signal(signal.SIGTERM, lambda *_: Thread(target=_leave, args=own).start())
    Thread(target=_leave_with_service, args=own, daemon=True).start()
    folders = data_folders(options.data_dir, options.mammograms_dir, options.lent_dir)
    node = Node(
        engine,
        options.data_dir,
        folders,
        options.policy,
        review=options.review,
        allow_unencrypted=options.allow_unencrypted,
    )
    spare = Spare(options.data_dir)
    spare.keep()
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < options.idle_seconds:
        job = spare.write(lambda: store.claim(now=_now(), worker=options.number))
        if job is None:
            time.sleep(POLL_SECONDS)
        else:
            run_job(job, node, store, pauses=options.retry_seconds)
            idle_since = time.monotonic()


def run_job(job: Job, node: Node, store: JobStore, *, pauses: Sequence[float] = ()) -> None:
    """Run one job and write how it ended.

    Args:
        pauses: Seconds before it is tried again after each failure that may pass.
    """
    spare = Spare(node.data_dir)
    spare.keep()
    torch.set_num_threads(job.request.threads)
    cv2.setNumThreads(job.request.threads)
    log.info("job %s (%s) starts", job.id, job.kind)
    try:
        with full_disk_named(node.data_dir, sentence="no space is left on the node's disk"):
            (node.job_folder(job.id) / ARTIFACTS).mkdir(parents=True, exist_ok=True)
            _forget_pace(job, store)
            result = handle(job, node, Paced(ProgressReport(store, job)))
    except JobCancelledError:
        # Which ends a job that was cancelled.
        spare.write(lambda: store.requeue(job.id, now=_now()))
    except Exception as error:  # noqa: BLE001 (the one place where a job's failure is recorded)
        failure = error
        spare.write(lambda: _keep_failure(job, failure, node, store, pauses))
    else:
        spare.write(lambda: _keep_result(job, result, store))
    log.info("job %s (%s) has ended", job.id, job.kind)


def _keep_result(job: Job, result: JobResult | Review, store: JobStore) -> None:
    if isinstance(result, Review):
        store.await_review(job.id, result, now=_now())
        return
    told = None
    if isinstance(result, GeneratorVersion):
        sentence = (
            f"the cancel came when the hub had published version {result.version} of "
            f"{result.centre}/{result.name}"
        )
        told = problem_of(SentBeforeCancelError(sentence))
    store.succeed(job.id, result, now=_now(), if_cancelled=told)


def _keep_failure(
    job: Job, error: Exception, node: Node, store: JobStore, pauses: Sequence[float]
) -> None:
    """Write why a job failed; if that may pass, have it tried again after a pause."""
    problem, now = _problem(job, error, node), _now()
    if is_passing(error) and job.retries < len(pauses):
        retry_at = now + timedelta(seconds=pauses[job.retries])
        store.retry(job.id, problem, retry_at=retry_at, now=now)
        log.warning("job %s is tried again: %s", job.id, problem.detail)
    else:
        store.fail(job.id, problem, now=now)


def _forget_pace(job: Job, store: JobStore) -> None:
    """Of a job that was interrupted, keep where it stood, not how fast it was and what was left."""
    if job.progress is not None:
        store.report(job.id, job.progress.model_copy(update={"rate": None, "seconds_left": None}))


def _problem(job: Job, error: Exception, node: Node) -> JobProblem:
    if isinstance(error, GenshareError):
        told = problem_of(error)
        hidden = (node.data_dir, *places(node.folders))
        return told.model_copy(update={"detail": without_places(told.detail, hidden)})
    log.error("job %s: unexpected %s", job.id, type(error).__name__, exc_info=error)
    return unexpected(error, job.id)


def _leave_with_service(store: JobStore, number: int) -> None:
    """Wait for the end of the pipe from the service: it closes even when the service is killed."""
    # Of the pipe itself: who waits in `sys.stdin` holds its lock, which the interpreter takes at
    # the end of an idle worker.
    while os.read(sys.stdin.fileno(), 1):
        continue
    store.release(now=_now(), worker=number)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)  # with all that this job started; nobody is left
    os._exit(0)


def _leave(store: JobStore, number: int) -> None:
    """Put the running job back and end at once: it resumes from what it has written so far."""
    store.release(now=_now(), worker=number)
    os._exit(0)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


if __name__ == "__main__":
    main()
