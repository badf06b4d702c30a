"""The worker process: runs queued jobs one after the other. Everything heavy is imported here."""

import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import cv2
import torch

from centre_node.database import open_database
from centre_node.datasets.places import places, without_places
from centre_node.errors import NodeError
from centre_node.jobs.errors import JobCancelledError
from centre_node.jobs.handlers import Node, handle
from centre_node.jobs.service import ALLOW_UNENCRYPTED, ARTIFACTS, problem_of
from centre_node.jobs.store import JobStore
from centre_node.log_rules import keep_headers_out
from centre_node.mammography.datasets import data_folders
from node_api.jobs import Job, JobProblem
from shared.files import full_disk_named
from shared.problems import GenshareError
from shared.progress import Progress

log = logging.getLogger(__name__)

IDLE_SECONDS = 20.0
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
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s worker %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    keep_headers_out()
    os.umask(0o077)
    data_dir = Path(sys.argv[1])
    given = (Path(place) if place else None for place in sys.argv[2:5])
    mammograms_dir, lent_dir, policy = given
    engine = open_database(data_dir)
    store = JobStore(engine)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the service, which tells us
    # In a thread, for the main one may be in the middle of a transaction.
    signal.signal(signal.SIGTERM, lambda *_: Thread(target=_leave, args=[store]).start())
    Thread(target=_leave_with_service, args=[store], daemon=True).start()
    folders = data_folders(data_dir, mammograms_dir, lent_dir)
    allowed = ALLOW_UNENCRYPTED in sys.argv[5:]
    node = Node(engine, data_dir, folders, policy, allow_unencrypted=allowed)
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < IDLE_SECONDS:
        job = store.claim(now=_now())
        if job is None:
            time.sleep(POLL_SECONDS)
        else:
            run_job(job, node, store)
            idle_since = time.monotonic()


def run_job(job: Job, node: Node, store: JobStore) -> None:
    """Run one job and write how it ended."""
    torch.set_num_threads(job.request.threads)
    cv2.setNumThreads(job.request.threads)
    (node.job_folder(job.id) / ARTIFACTS).mkdir(parents=True, exist_ok=True)
    log.info("job %s (%s) starts", job.id, job.kind)
    _forget_pace(job, store)
    try:
        with full_disk_named(node.data_dir, sentence="no space is left on the node's disk"):
            result = handle(job, node, ProgressReport(store, job))
    except JobCancelledError:
        store.cancel(job.id, "running", now=_now())
    except Exception as error:  # noqa: BLE001 (the one place where a job's failure is recorded)
        store.fail(job.id, _problem(job, error, node), now=_now())
    else:
        store.succeed(job.id, result, now=_now())
    log.info("job %s (%s) has ended", job.id, job.kind)


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
    return JobProblem(
        code=NodeError.code,
        title=NodeError.title,
        detail=f"unexpected {type(error).__name__}; the node's log tells more",
        hint="Look for the job's id in the node's log.",
    )


def _leave_with_service(store: JobStore) -> None:
    """Wait for the end of the pipe from the service: it closes even when the service is killed."""
    # Of the pipe itself: who waits in `sys.stdin` holds its lock, which the interpreter takes at
    # the end of an idle worker.
    while os.read(sys.stdin.fileno(), 1):
        continue
    _leave(store)


def _leave(store: JobStore) -> None:
    """Put the running job back and end at once: it resumes from what it has written so far."""
    store.release()
    os._exit(0)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


if __name__ == "__main__":
    main()
