"""The watch over the worker, with a worker that dies at each job."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import psutil
import pytest

from centre_node.database import open_database
from centre_node.jobs import supervisor as supervising
from centre_node.jobs.options import WorkerOptions
from centre_node.jobs.service import Jobs
from centre_node.jobs.store import JobStore
from centre_node.jobs.supervisor import MOST_ATTEMPTS, NO_LIMITS, JobLimits, Supervisor
from tests.centre_node.jobs.test_store import NOW, REQUEST
from tests.waiting import wait_for

ROOT = Path(__file__).parents[3]
DYING = f"""#!{sys.executable}
import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

sys.path.insert(0, {str(ROOT)!r})
from centre_node.database import open_database
from centre_node.jobs.store import JobStore

_module, _name, options = sys.argv[1:]
data_dir = Path(json.loads(options)["data_dir"])
JobStore(open_database(data_dir)).claim(now=datetime(2026, 1, 1))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_job_whose_worker_dies_again_and_again_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying, data_dir = tmp_path / "dying", tmp_path / "data"
    dying.write_text(DYING)
    dying.chmod(0o700)
    data_dir.mkdir()
    store = JobStore(open_database(data_dir))
    jobs = Jobs(store, data_dir / "jobs", clock=lambda: NOW)
    supervisor = Supervisor(store, WorkerOptions(data_dir=data_dir), clock=lambda: NOW)
    job, _ = jobs.submit(REQUEST, None)
    monkeypatch.setattr(sys, "executable", str(dying))
    monkeypatch.setattr(supervising, "RESTART_SECONDS", 0.0)

    supervisor.start()
    wait_for(lambda: jobs.find(job.id).state == "failed")
    supervisor.stop()

    failed = jobs.find(job.id)
    assert failed.attempts == MOST_ATTEMPTS
    assert failed.problem is not None
    assert failed.problem.code == "GS-3311"
    assert f"{MOST_ATTEMPTS} times" in failed.problem.detail


STUBBORN = f"""#!{sys.executable}
import json
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, {str(ROOT)!r})
from centre_node.database import open_database
from centre_node.jobs.store import JobStore

signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])
_module, _name, options = sys.argv[1:]
data_dir = Path(json.loads(options)["data_dir"])
(data_dir / "child").write_text(str(child.pid))
JobStore(open_database(data_dir)).claim(now=datetime(2026, 1, 1))
time.sleep(600)
"""


class Stubborn:
    """A node's queue whose worker has a child, reports nothing, and does not end when told to."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program, self.data_dir = folder / "stubborn", folder / "data"
        program.write_text(STUBBORN)
        program.chmod(0o700)
        self.data_dir.mkdir()
        monkeypatch.setattr(sys, "executable", str(program))
        self.store = JobStore(open_database(self.data_dir))
        self.jobs = Jobs(self.store, self.data_dir / "jobs", clock=lambda: NOW)

    def supervised(self, now: datetime, limits: JobLimits = NO_LIMITS) -> Supervisor:
        options = WorkerOptions(data_dir=self.data_dir)
        return Supervisor(self.store, options, clock=lambda: now, limits=limits)

    def child_is_gone(self) -> bool:
        return not psutil.pid_exists(int((self.data_dir / "child").read_text()))


@pytest.mark.slow
def test_a_cancel_kills_a_worker_that_does_not_stop_and_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubborn = Stubborn(tmp_path, monkeypatch)
    supervisor = stubborn.supervised(NOW)
    job, _ = stubborn.jobs.submit(REQUEST, None)
    supervisor.start()
    wait_for(lambda: stubborn.jobs.find(job.id).state == "running")

    stubborn.jobs.cancel(job.id)
    wait_for(lambda: stubborn.jobs.find(job.id).state == "cancelled")
    wait_for(stubborn.child_is_gone)
    supervisor.stop()

    assert (stubborn.jobs.find(job.id).attempts, stubborn.jobs.find(job.id).result) == (0, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (JobLimits(time=timedelta(hours=1)), "GS-3708"),
        (JobLimits(memory_bytes=1_000_000), "GS-3821"),
    ],
)
def test_a_job_that_takes_too_much_fails_and_its_worker_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: JobLimits, code: str
) -> None:
    stubborn = Stubborn(tmp_path, monkeypatch)
    supervisor = stubborn.supervised(NOW + timedelta(days=1), limits)
    job, _ = stubborn.jobs.submit(REQUEST, None)
    supervisor.start()

    wait_for(lambda: stubborn.jobs.find(job.id).state == "failed")
    wait_for(stubborn.child_is_gone)
    supervisor.stop()

    problem = stubborn.jobs.find(job.id).problem
    assert problem is not None
    assert (problem.code, problem.failure) == (code, "resources")
    assert len(problem.hint) > 20
    assert stubborn.jobs.resume(job.id).state == "queued"
