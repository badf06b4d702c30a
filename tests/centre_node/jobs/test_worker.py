"""How the worker process ends."""

import errno
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from centre_node.database import open_database
from centre_node.generators.errors import NotEnoughMemoryError, TooFewPatchesError
from centre_node.jobs import worker
from centre_node.jobs.node import Node
from centre_node.jobs.options import WorkerOptions
from centre_node.jobs.service import Jobs
from centre_node.jobs.store import JobStore
from centre_node.ledger.errors import LedgerError
from centre_node.mammography.datasets import data_folders
from centre_node.settings import worker_environment
from centre_node.sharing.errors import ReleaseRefusedError
from node_api.jobs import Job
from shared.errors import HubRefusedError, HubUnreachableError, HubUnreadableError
from shared.problems import Problem
from tests.centre_node.jobs.test_store import NOW, PULLED, REQUEST
from tests.centre_node.node_server import Node as Served
from tests.centre_node.node_server import training
from tests.waiting import wait_for

ROOT = Path(__file__).parents[3]
FAR = datetime(2999, 1, 1)  # noqa: DTZ001 (as the database has it)


def a_problem(status: int) -> Problem:
    return Problem(
        title="No",
        status=status,
        detail="no",
        code="GS-1001",
        hint="Ask its operator for it.",
        request_id="r",
    )


@pytest.mark.slow
def test_a_worker_that_is_idle_ends_well_while_its_service_lives(tmp_path: Path) -> None:
    with subprocess.Popen(
        WorkerOptions(data_dir=tmp_path, idle_seconds=0.0).command(),
        cwd=ROOT,
        env=worker_environment(),
        stdin=subprocess.PIPE,  # open to the end, as a living service's
        stderr=subprocess.PIPE,
    ) as worker:
        assert worker.stderr is not None
        told = worker.stderr.read().decode()

    assert (worker.returncode, told) == (0, "")


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(open_database(tmp_path))


def done_by(
    store: JobStore, folder: Path, monkeypatch: pytest.MonkeyPatch, outcomes: list[Any]
) -> list[Job]:
    """Have a worker do one job again and again while it is due; return what it was after each."""
    left, seen = list(outcomes), []

    def handle(*_: object) -> Any:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(worker, "handle", handle)
    node = Node(open_database(folder), folder, data_folders(folder, None))
    job, _ = Jobs(store, folder / "jobs", clock=lambda: NOW).submit(REQUEST, None)
    while (claimed := store.claim(now=FAR)) is not None:
        worker.run_job(claimed, node, store, pauses=(1.0, 2.0))
        found = store.find(job.id)
        assert found is not None
        seen.append(found)
    return seen


def test_what_passes_is_tried_again_under_the_same_id(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, full = HubUnreachableError("no answer"), OSError(errno.ENOSPC, "No space left on device")

    seen = done_by(store, tmp_path, monkeypatch, [away, full, PULLED])

    assert [(job.state, job.retries) for job in seen] == [
        ("queued", 1),
        ("queued", 2),
        ("succeeded", 2),
    ]
    told = [(job.problem.code, job.problem.failure) for job in seen if job.problem]
    assert told == [("GS-2101", "network"), ("GS-3301", "resources")]


def test_a_full_disk_passes_whatever_could_not_be_written(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = LedgerError("the ledger cannot be used: database or disk is full")

    first, second = done_by(store, tmp_path, monkeypatch, [ledger, PULLED])

    assert first.problem is not None
    assert (first.state, first.problem.failure) == ("queued", "resources")
    assert second.state == "succeeded"


def test_what_passes_is_not_tried_for_ever(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = done_by(store, tmp_path, monkeypatch, [HubUnreachableError("no answer")] * 3)

    assert [job.state for job in seen] == ["queued", "queued", "failed"]
    assert seen[-1].problem is not None
    assert seen[-1].problem.detail == "no answer"


@pytest.mark.parametrize(
    ("error", "code", "failure"),
    [
        (TooFewPatchesError("few"), "GS-3201", "input"),
        (ReleaseRefusedError("no"), "GS-3322", "policy"),
        (NotEnoughMemoryError("little"), "GS-3206", "resources"),
        (MemoryError(), "GS-3206", "resources"),
        (HubUnreadableError("odd"), "GS-2102", "network"),
        (HubRefusedError(a_problem(401)), "GS-2103", "input"),
        (HubRefusedError(a_problem(403)), "GS-2103", "policy"),
        (ValueError("a patient's name"), "GS-3000", "internal"),
    ],
)
def test_each_failure_has_a_class_a_code_and_a_hint_and_is_not_tried_again(
    store: JobStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: str,
    failure: str,
) -> None:
    (job,) = done_by(store, tmp_path, monkeypatch, [error])

    assert job.state == "failed"
    assert job.problem is not None
    assert (job.problem.code, job.problem.failure) == (code, failure)
    assert len(job.problem.hint) > 20
    assert "a patient's name" not in job.problem.detail
    if failure == "internal":
        assert job.id in job.problem.hint


@pytest.mark.slow
def test_no_worker_of_a_node_ends_otherwise_than_well(tmp_path: Path) -> None:
    node = Served(tmp_path / "data", python=sys.executable, NODE_WORKER_IDLE_SECONDS="0.2")
    try:
        node.register().raise_for_status()
        node.result(training(epochs=1, checkpoint_every_epochs=1))
        wait_for(lambda: not node.process.children())
        node.result(training(epochs=1, checkpoint_every_epochs=1, seed=1))
        wait_for(lambda: not node.process.children())
    finally:
        node.stop()

    log = node.log()
    assert log.count("has ended") == 2
    assert "Fatal" not in log
    assert "Traceback" not in log
    assert not re.search(r"worker \d+ ended with", log)
