"""A study at a node whose processes are killed with SIGKILL in the middle of it."""

import shutil
from typing import Any

import psutil
import pytest

from tests.centre_node.node_server import ENDED, PATCHES, Node
from tests.nursery import family_of
from tests.waiting import wait_for

pytestmark = pytest.mark.nightly
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


def _kill_all(node: Node) -> None:
    """Kill the node, its worker and the worker's processes at once, as a power cut does."""
    family = family_of(node.process)
    assert len(family) > 3, "a worker, as stub and fork, with processes of its own"
    for process in family:
        process.suspend()  # so that none notices another's end and gives the job back
    node.kill()
    for process in family:
        process.kill()
    _, left = psutil.wait_procs(family, timeout=SECONDS)
    assert left == []


def _runs(node: Node) -> dict[str, int]:
    """Return when each finished run was written."""
    folder = node.data_dir / "studies" / "runs"
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}


def _ended(node: Node, job_id: str) -> dict[str, Any]:
    wait_for(lambda: node.job(job_id)["state"] in ENDED, SECONDS)
    return node.job(job_id)


def _table(node: Node, job_id: str) -> str:
    return node.http.get(f"/jobs/{job_id}/artifacts/results.csv").raise_for_status().text


def test_a_study_killed_in_the_middle_goes_on_to_the_same_result_and_repeats_no_run(
    fresh_node: Node,
) -> None:
    node = fresh_node
    job_id = node.submit(STUDY)
    wait_for(lambda: _runs(node), SECONDS)

    _kill_all(node)
    finished = _runs(node)
    node.start()
    job = _ended(node, job_id)
    table = _table(node, job_id)

    assert 0 < len(finished) < RUNS
    assert (job["state"], job["attempts"]) == ("succeeded", 2)
    assert finished.items() <= _runs(node).items()
    assert job["result"]["origin"]["runs_found"] == len(finished)

    shutil.rmtree(node.data_dir / "studies")
    reference = _ended(node, node.submit({**STUDY, "workers": 1}))
    assert reference["result"]["origin"]["runs_found"] == 0
    assert job["result"]["findings"] == reference["result"]["findings"]
    assert job["result"]["rows"] == reference["result"]["rows"]
    assert table == _table(node, reference["id"])
