"""A study at a node whose processes are killed with SIGKILL in the middle of it."""

from collections.abc import Callable
from typing import Any

import psutil
import pytest

from tests.centre_node.node_server import ENDED, PATCHES, Node, wait_for

pytestmark = pytest.mark.slow
SECONDS = 300
STUDY = {
    "kind": "study",
    "dataset": "own",
    "workers": 2,
    "study": {
        "image_size": 16,
        "patches": PATCHES,
        "split_shares": (0.5, 0.25, 0.25),
        "train_fractions": (1.0,),
        "classifier_training": {"epochs": 60},
        "synthetic_patches": 20,
        "arms": [{"name": "none"}, {"name": "own lesions repeated", "oversampled": True}],
        "seeds": (0, 1, 2),
        "resamples": 100,
    },
}
RUNS = 2 * 3


def _kill_node(node: Node) -> None:
    node.kill()


def _kill_worker(node: Node) -> None:
    node.worker().kill()


def _kill_all(node: Node) -> None:
    family = node.process.children(recursive=True)
    for process in family:
        process.suspend()  # so that none notices another's end and gives the job back
    node.kill()
    for process in family:
        process.kill()


def _runs(node: Node) -> dict[str, int]:
    """Return when each finished run was written."""
    folder = node.data_dir / "studies" / "runs"
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}


def _ended(node: Node, job_id: str) -> dict[str, Any]:
    wait_for(lambda: node.job(job_id)["state"] in ENDED, SECONDS)
    return node.job(job_id)


def _table(node: Node, job_id: str) -> str:
    return node.http.get(f"/jobs/{job_id}/artifacts/results.csv").raise_for_status().text


@pytest.fixture(scope="module")
def uninterrupted(node: Node) -> tuple[dict[str, Any], str]:
    """Return a study's result and its table."""
    job = _ended(node, node.submit(STUDY))
    return job["result"], _table(node, job["id"])


@pytest.mark.parametrize(
    ("kill", "attempts"),
    [
        pytest.param(_kill_node, 1, id="the node, which its worker notices"),
        pytest.param(_kill_worker, 2, id="the worker"),
        pytest.param(_kill_all, 2, id="all at once"),
    ],
)
def test_a_study_killed_in_the_middle_goes_on_to_the_same_result_and_repeats_no_run(
    kill: Callable[[Node], None],
    attempts: int,
    fresh_node: Node,
    uninterrupted: tuple[dict[str, Any], str],
) -> None:
    node, (reference, table) = fresh_node, uninterrupted
    job_id = node.submit(STUDY)
    wait_for(lambda: _runs(node), SECONDS)
    family = node.process.children(recursive=True)

    kill(node)
    _, orphans = psutil.wait_procs(family, timeout=SECONDS)
    finished = _runs(node)
    if kill is not _kill_worker:
        node.start()
    job = _ended(node, job_id)

    assert orphans == []
    assert len(family) > 2, "a worker with processes of its own"
    assert 0 < len(finished) < RUNS
    assert (job["state"], job["attempts"]) == ("succeeded", attempts)
    assert finished.items() <= _runs(node).items()
    assert job["result"]["origin"]["runs_found"] == len(finished)
    assert job["result"]["findings"] == reference["findings"]
    assert job["result"]["rows"] == reference["rows"]
    assert _table(node, job_id) == table
