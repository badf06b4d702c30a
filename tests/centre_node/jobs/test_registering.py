"""Registering a large data set is a job."""

from pathlib import Path

import httpx
import pytest

from centre_node.database import open_database
from centre_node.datasets.service import Datasets
from centre_node.datasets.store import DatasetStore
from centre_node.jobs.errors import JobCancelledError
from centre_node.jobs.node import Node
from centre_node.jobs.registering import register
from centre_node.mammography.datasets import DataFolders
from centre_node.mammography.phantoms.writing import write_phantoms
from node_api.data_sources import MammogramFolder, PhantomSet
from node_api.datasets import Dataset
from node_api.requests import RegisterRequest
from shared.progress import Progress
from simulation.node_client import NodeClient
from tests.centre_node.node_server import OWN
from tests.centre_node.node_server import Node as Served

PATIENTS = 4
REQUEST = RegisterRequest(name="own", source=MammogramFolder(folder="set"))


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """A node with a folder of mammograms."""
    phantoms = PhantomSet(
        style="film", patients=PATIENTS, seed=1, image_height_px=256, written_as="mias"
    )
    (tmp_path / "given").mkdir()
    place = tmp_path / "given" / "set"
    write_phantoms(phantoms, place, layout="mias", on_progress=lambda _done, _total: None)
    (tmp_path / "job").mkdir()
    folders = DataFolders(tmp_path / "given", tmp_path / "phantoms")
    return Node(open_database(tmp_path), tmp_path, folders)


def registered(node: Node) -> tuple[Dataset, ...]:
    return Datasets(DatasetStore(node.engine), node.folders).all()


def test_it_counts_draws_contact_sheets_and_registers(node: Node, tmp_path: Path) -> None:
    told: list[Progress] = []

    found = register(REQUEST, node, tmp_path / "job", told.append)

    assert registered(node) == (found,)
    assert found.summary.patients == PATIENTS
    pictures = {path.name for path in (tmp_path / "job" / "artifacts").iterdir()}
    assert pictures == {"patches.png", "histograms.png"}
    assert {step.unit for step in told} == {"files", "images", "steps"}
    assert max(step.done for step in told if step.unit == "files") >= found.summary.images
    assert all(step.warning is None for step in told)


@pytest.mark.parametrize("unit", ["files", "images", "steps"])
def test_one_that_is_cancelled_is_not_registered(node: Node, tmp_path: Path, unit: str) -> None:
    def cancel(step: Progress) -> None:
        if step.unit == unit:
            raise JobCancelledError("the job was cancelled")

    with pytest.raises(JobCancelledError):
        register(REQUEST, node, tmp_path / "job", cancel)

    assert registered(node) == ()


@pytest.mark.slow
def test_what_takes_long_is_left_to_a_job_which_a_simulation_waits_for(tmp_path: Path) -> None:
    node = Served(tmp_path / "data", NODE_REGISTER_SECONDS="0")
    try:
        answer = node.register("by-rest")
        job = node.ended(answer.json()["id"])
        base = str(node.http.base_url).removesuffix("/api/v1/")
        client = NodeClient("centre-a", httpx.Client(base_url=base, headers=node.http.headers))
        counted = client.register_dataset("by-client", PhantomSet.model_validate(OWN))
        names = {one["name"] for one in node.http.get("/datasets").json()}
        missing = {"kind": "register", "name": "x", "source": {"folder": "nowhere"}}
        refused = node.http.post("/jobs", json=missing)
    finally:
        node.stop()

    assert answer.status_code == httpx.codes.ACCEPTED
    assert answer.headers["Location"] == f"/api/v1/jobs/{job['id']}"
    assert (job["kind"], job["state"]) == ("register", "succeeded"), job["problem"]
    assert counted.summary.model_dump(mode="json") == job["result"]["summary"]
    assert names == {"by-rest", "by-client"}
    assert (refused.status_code, refused.json()["code"]) == (422, "GS-3101")
