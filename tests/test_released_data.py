"""What earlier versions wrote is read by this one: databases, packages, patches."""

import json
import shutil
import sqlite3
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch

from centre_node.connection.store import ConnectionStore
from centre_node.database import open_database
from centre_node.datasets.store import DatasetStore
from centre_node.jobs.store import JobStore
from centre_node.sampling.drawing import synthetic_patches
from node_api.results import RESULTS
from shared.packages import open_package
from tests.hub_server import ADMIN_TOKEN, running_hub

RELEASED = sorted(path for path in (Path(__file__).parent / "released").iterdir())
DIGEST = "6f0ccf7694da26a19aec20898917dc020cfbabd7f3116a23940fe553b1c1fdec"


@pytest.fixture(params=RELEASED, ids=lambda folder: folder.name)
def released(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of what a version wrote; opening it may migrate it."""
    copy: Path = shutil.copytree(request.param, tmp_path / "released")
    return copy


def test_a_node_reads_its_jobs_and_data_sets(released: Path) -> None:
    query = "select kind, result from jobs where result is not null"
    with sqlite3.connect(released / "node" / "node.sqlite") as database:
        written = {kind: json.loads(result) for kind, result in database.execute(query)}
    written["study"]["findings"]["controls"] = []
    for arm in written["study"]["arms"]:
        arm["sham_healthy"] = False
    for difference in written["study"]["findings"]["differences"]:
        del difference["p_holm"]  # of seeds alone; what verdicts are made by now came later
        difference["p_seeds"] = difference.pop("p_value")
        difference |= {"p_patients": None, "p_adjusted": None}
    engine = open_database(released / "node")

    jobs = JobStore(engine).all()

    read = {job.kind: job.result for job in jobs if job.result is not None}
    assert {kind: result.model_dump(mode="json") for kind, result in read.items()} == written
    assert all(isinstance(result, RESULTS[kind]) for kind, result in read.items())
    assert [job.problem.code for job in jobs if job.problem is not None] == ["GS-2103"]
    assert [dataset.name for dataset in DatasetStore(engine).all()] == ["own"]
    connection = ConnectionStore(engine).get()
    assert connection is not None
    assert connection.centre == "centre-b"


def test_a_hub_serves_what_was_published(released: Path, tmp_path: Path) -> None:
    with running_hub(released / "hub") as hub:
        client = hub.invited("centre-b")
        (version,) = client.generators()
        fetched = client.fetch(version, tmp_path / "fetched")

        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        listed = [
            httpx.get(f"{hub.url}/api/v1/generators?kind={kind}", headers=headers).json()["items"]
            for kind in ("mass", "calcification", "other")
        ]
    with sqlite3.connect(released / "hub" / "hub.sqlite") as database:
        stored = database.execute("SELECT sha256, centre, size_bytes FROM stored_files").fetchall()

    assert fetched.digest == version.manifest_digest == DIGEST
    assert [bool(items) for items in listed] == [
        kind in version.card.training_set.lesion_kinds
        for kind in ("mass", "calcification", "other")
    ]
    assert sorted(stored) == sorted(
        (file.sha256, version.centre, file.size_bytes) for file in version.manifest.files
    )
    for file in (released / "package").iterdir():
        assert (fetched.folder / file.name).read_bytes() == file.read_bytes()


def test_the_same_patches_are_drawn_from_a_package(released: Path) -> None:
    package = open_package(released / "package")

    drawn = synthetic_patches(package, count=8, seed=3, device=torch.device("cpu"))

    kept = np.load(released / "patches.npy")
    # Another processor may round a pixel differently.
    assert np.abs(drawn.astype(int) - kept).max() <= 1
