"""Processes that do runs: killed, stopped, orphaned."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
import torch

from centre_node.study import local_engine
from centre_node.study.local_engine import LocalEngine
from centre_node.study.outcomes import Outcome
from centre_node.study.preparation import Preparation, prepare
from centre_node.study.prepared import Run
from node_api.rows import RunRow
from shared.packages import Package
from tests.centre_node.study.made_up import tiny_inputs, tiny_study, untrained_package
from tests.waiting import wait_for

pytestmark = pytest.mark.slow
SECONDS = 60


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return untrained_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def ready(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    configuration = tiny_study(package, train_fractions=(1.0,))
    return prepare(
        configuration,
        tiny_inputs(package),
        folder=tmp_path_factory.mktemp("ready"),
        device=torch.device("cpu"),
        threads=1,
    )


def _outcomes(ready: Preparation, workers: int, on_tick: object = None) -> dict[Run, Outcome]:
    tick = on_tick if callable(on_tick) else lambda: None
    runs = list(ready.study.runs())
    outcomes = LocalEngine(workers).outcomes(ready.file, runs, device="cpu", on_tick=tick)
    return {outcome.run: outcome for outcome in outcomes}


def _rows(outcomes: dict[Run, Outcome]) -> dict[Run, RunRow]:
    return {run: outcome.result.row for run, outcome in outcomes.items() if outcome.result}


def _children() -> list[psutil.Process]:
    """Return the processes of pools: those that spawn has made."""
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if any("spawn_main" in part for part in child.cmdline())
    ]


def test_a_killed_process_costs_no_run(ready: Preparation) -> None:
    alone = _outcomes(ready, 1)
    killed = threading.Event()

    def kill_once() -> None:
        if not killed.is_set() and (children := _children()):
            children[0].send_signal(signal.SIGKILL)
            killed.set()

    with_a_death = _outcomes(ready, 2, kill_once)

    assert killed.is_set()
    assert len(_rows(alone)) == len(alone) == 6
    assert _rows(with_a_death) == _rows(alone)


def test_runs_whose_processes_die_again_and_again_are_given_up(
    ready: Preparation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_engine, "MOST_DEATHS", 1)

    def kill_all() -> None:
        for child in _children():
            child.send_signal(signal.SIGKILL)

    outcomes = _outcomes(ready, 2, kill_all)

    assert len(outcomes) == 6
    assert {o.problem for o in outcomes.values() if o.result is None} <= {
        "its process died 1 times; too little memory is the usual cause"
    }


def test_a_study_that_is_stopped_leaves_no_process(ready: Preparation) -> None:
    def stop() -> None:
        if _children():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _outcomes(ready, 2, stop)

    assert _children() == []


ORPHANS = """
import sys
from pathlib import Path
from centre_node.study.local_engine import LocalEngine
from centre_node.study.prepared import PreparedStudy

if __name__ == "__main__":
    file = Path(sys.argv[1])
    runs = list(PreparedStudy.model_validate_json(file.read_bytes()).runs())
    list(LocalEngine(2).outcomes(file, runs * 50, device="cpu", on_tick=lambda: None))
"""


def test_processes_end_with_a_parent_that_is_killed(ready: Preparation, tmp_path: Path) -> None:
    script = tmp_path / "study.py"
    script.write_text(ORPHANS)
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": root}
    parent = subprocess.Popen([sys.executable, str(script), str(ready.file)], env=environment)
    watched = psutil.Process(parent.pid)
    children = wait_for(lambda: watched.children(recursive=True), SECONDS)

    parent.kill()
    parent.wait()

    _gone, left = psutil.wait_procs(children, timeout=SECONDS)
    assert left == []
