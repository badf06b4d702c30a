"""How the worker process ends."""

import subprocess
from pathlib import Path

import pytest

from centre_node.jobs.options import WorkerOptions
from centre_node.settings import worker_environment

ROOT = Path(__file__).parents[3]


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
