"""The watch over the worker, with a worker that dies at each job."""

import sys
from pathlib import Path

import pytest

from centre_node.database import open_database
from centre_node.jobs import supervisor as supervising
from centre_node.jobs.options import WorkerOptions
from centre_node.jobs.service import Jobs
from centre_node.jobs.store import JobStore
from centre_node.jobs.supervisor import MOST_ATTEMPTS, Supervisor
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
