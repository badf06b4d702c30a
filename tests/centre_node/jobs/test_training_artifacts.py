"""What a train_generator job leaves, its work called as the worker calls it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import cv2
import pytest

from centre_node.database import open_database
from centre_node.datasets.service import Datasets
from centre_node.datasets.store import DatasetStore
from centre_node.jobs.errors import TrainingNotDoneError
from centre_node.jobs.handlers import handle
from centre_node.jobs.node import Node
from centre_node.jobs.pruning import ARTIFACTS
from centre_node.jobs.service import Jobs
from centre_node.jobs.store import JobStore
from centre_node.mammography.datasets import data_folders
from centre_node.sharing import audit
from node_api.audits import AuditReport
from node_api.data_sources import PhantomSet
from node_api.requests import AuditRequest, TrainGeneratorRequest
from node_api.results import FinishedTraining
from shared.progress import Progress
from tests.centre_node.node_server import PATCHES

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    engine, folders = open_database(tmp_path), data_folders(tmp_path, None)
    phantoms = PhantomSet(style="soft", patients=20, seed=1, image_height_px=256, healthy_share=0)
    Datasets(DatasetStore(engine), folders).register("own", phantoms)
    return Node(engine, tmp_path, folders)


@pytest.mark.slow
def test_the_fidelity_of_its_epochs_and_the_time_left_and_the_board(node: Node) -> None:
    pytest.importorskip("tensorboard")
    request = TrainGeneratorRequest.model_validate(
        {
            "dataset": "own",
            "patches": PATCHES,
            "architecture": {"image_size": 16, "latent_size": 4, "width": 4},
            "training": {"batch_size": 4, "checkpoint_every_epochs": 1, "epochs": 2},
            "tensorboard": True,
        }
    )
    jobs = Jobs(JobStore(node.engine), node.data_dir / "jobs", clock=lambda: NOW)
    job, _ = jobs.submit(request, None)
    artifacts = node.job_folder(job.id) / ARTIFACTS
    artifacts.mkdir(parents=True)
    told: list[Progress] = []

    result = handle(job, node, told.append)

    assert isinstance(result, FinishedTraining)
    assert result.patches >= 40
    assert result.held_out is not None
    assert "20 patients are fewer than the 50" in result.held_out.statement
    assert result.held_out.statement in [progress.message for progress in told]
    curve = json.loads((artifacts / "fidelity-over-epochs.json").read_text())
    assert curve["epochs"] == [1, 2]
    assert len(curve["synthetic"]) == 2
    assert cv2.imread(str(artifacts / "fidelity-over-epochs.png")) is not None
    left = [progress.seconds_left for progress in told if progress.seconds_left is not None]
    assert left[0] > 0
    assert left[-1] == 0
    measured = [progress for progress in told if progress.message == "measuring fidelity"]
    assert measured[0].done == 0
    assert told[-1] == measured[-1]
    assert measured[-1].done == measured[-1].total > 2 * result.patches
    assert list((node.job_folder(job.id) / "training" / "tensorboard").glob("events.*"))


@pytest.mark.slow
def test_a_training_is_audited_by_a_job_which_shows_report_and_picture(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("centre_node.privacy.audit.FEWEST_PATIENTS", 3)
    monkeypatch.setattr(audit, "phantom_features", lambda *_: lambda patches: patches.mean(axis=1))
    training = TrainGeneratorRequest.model_validate(
        {
            "dataset": "own",
            "patches": PATCHES,
            "architecture": {"image_size": 16, "latent_size": 4, "width": 4},
            "training": {"batch_size": 4, "epochs": 1},
            "hold_out": {"share": 0.5, "seed": 1},
        }
    )
    store = JobStore(node.engine)
    jobs = Jobs(store, node.data_dir / "jobs", clock=lambda: NOW)
    trained, _ = jobs.submit(training, None)
    (node.job_folder(trained.id) / ARTIFACTS).mkdir(parents=True)
    wanted = AuditRequest(training_job=trained.id, samples=200, seed=4)
    audited, _ = jobs.submit(wanted, None)
    with pytest.raises(TrainingNotDoneError, match="only one that has succeeded"):
        handle(audited, node, lambda _step: None)
    store.claim(now=NOW)
    finished = handle(trained, node, lambda _step: None)
    assert isinstance(finished, FinishedTraining)
    store.succeed(trained.id, finished, now=NOW)

    report = handle(audited, node, lambda _step: None)

    assert isinstance(report, AuditReport)
    assert report.samples == 200
    assert report.members.patients + report.held_out.patients == 20
    artifacts = node.job_folder(audited.id) / ARTIFACTS
    kept = node.job_folder(trained.id) / "training" / "audit" / "audit.json"
    assert (artifacts / "audit.json").read_text() == kept.read_text()
    assert cv2.imread(str(artifacts / "most-exposed.png")) is not None
