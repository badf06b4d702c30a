"""What can be seen at once is refused at once, by a real node; nothing is queued."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.centre_node.jobs.test_jobs import PUBLICATION, STUDY
from tests.centre_node.node_server import Node, training

GENERATOR = "0" * 64
STUDY_OF_TWO = {**STUDY, "arms": [{"name": "own"}, {"name": "A", "generators": [GENERATOR]}]}


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node without a hub, whose worker does no job."""
    node = Node(tmp_path_factory.mktemp("node") / "data")
    node.register().raise_for_status()
    yield node
    node.stop()


@pytest.mark.parametrize(
    ("request_", "status", "code", "sentence"),
    [
        ({**training(), "dataset": "other"}, 404, "GS-3306", "no data set 'other' is registered"),
        (training(batch_size=500), 422, "GS-3201", "fewer than one batch of 500"),
        ({"kind": "sample", "generator": GENERATOR, "count": 1}, 404, "GS-3307", "was pulled"),
        ({"kind": "pull", "centre": "b", "name": "c"}, 409, "GS-3308", "not connected to a hub"),
        ({**PUBLICATION, "training_job": "x"}, 409, "GS-3308", "not connected to a hub"),
        ({"kind": "audit", "training_job": "x"}, 404, "GS-3303", "no train_generator job"),
        (
            {"kind": "study", "dataset": "x", "study": STUDY_OF_TWO},
            404,
            "GS-3306",
            "no data set 'x'",
        ),
        (
            {"kind": "study", "dataset": "own", "study": STUDY_OF_TWO},
            404,
            "GS-3307",
            "no generator with the manifest digest",
        ),
    ],
)
def test_a_job_that_cannot_be_done_is_refused_and_not_queued(
    lonely: Node, request_: dict[str, Any], status: int, code: str, sentence: str
) -> None:
    answer = lonely.http.post("/jobs", json=request_, headers={"Idempotency-Key": "once"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert sentence in answer.json()["detail"]
    assert lonely.http.get("/jobs").json() == []


@pytest.mark.slow
def test_what_a_waiting_job_needs_is_not_deleted(tmp_path: Path) -> None:
    node = Node(tmp_path / "data")
    try:
        node.register().raise_for_status()
        trained = node.submit(training(epochs=100_000))
        audit = {"kind": "audit", "training_job": trained}

        assert node.http.post("/jobs", json=audit).json()["code"] == "GS-3702"
        for path, code in (("/datasets/own", "GS-3703"), (f"/jobs/{trained}", "GS-3304")):
            refused = node.http.delete(path)
            assert (refused.status_code, refused.json()["code"]) == (409, code)
        node.http.post(f"/jobs/{trained}/cancel").raise_for_status()
        node.ended(trained)
        assert node.http.delete("/datasets/own").status_code == 204
        assert node.http.post(f"/jobs/{trained}/resume").json()["code"] == "GS-3306"
        assert node.http.delete(f"/jobs/{trained}").status_code == 204
        assert node.http.get(f"/jobs/{trained}").status_code == 404
        assert not (tmp_path / "data" / "jobs" / trained).exists()
    finally:
        node.stop()
