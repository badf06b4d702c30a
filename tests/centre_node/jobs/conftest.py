from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from centre_node.connection.store import ConnectionStore
from centre_node.database import open_database
from centre_node.jobs.node import Node
from centre_node.jobs.store import JobStore
from centre_node.mammography.datasets import DataFolders
from node_api.connection import HubConnection
from node_api.requests import TrainGeneratorRequest
from node_api.results import FinishedTraining
from tests.centre_node.jobs.reviews import TRAINED_JOB
from tests.centre_node.sharing.test_publish import TRAINED
from tests.hub_server import RunningHub, running_hub
from tests.packages import TINY, safetensors_bytes


@pytest.fixture
def own_hub(tmp_path: Path) -> Iterator[RunningHub]:
    """A hub of this test alone: a centre signs what it has there with one key."""
    with running_hub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
def trained_node(tmp_path: Path, own_hub: RunningHub) -> Node:
    """A node with a hub and a finished training, whose patches are gone."""
    engine = open_database(tmp_path)
    token = own_hub.client().invite("centre-b", renew=True)
    connection = HubConnection(centre="centre-b", url=own_hub.url, token=token)
    ConnectionStore(engine).put(connection)
    jobs, now = JobStore(engine), datetime(2026, 1, 2, tzinfo=UTC)
    jobs.add(TRAINED_JOB, TrainGeneratorRequest(dataset="own"), None, now=now)
    jobs.claim(now=now)
    jobs.succeed(TRAINED_JOB, FinishedTraining(**dict(TRAINED), skipped={}), now=now)
    node = Node(engine, tmp_path, DataFolders(None, tmp_path), review="machine")
    training = node.job_folder(TRAINED_JOB) / "training"
    training.mkdir(parents=True)
    content = safetensors_bytes(TINY.generator_tensors())
    (training / "weights.safetensors").write_bytes(content)
    return node
