"""Runs on a Ray cluster of two machines, which are processes here."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from centre_node.study.errors import EngineError
from centre_node.study.local_engine import LocalEngine
from centre_node.study.preparation import Preparation, prepare
from centre_node.study.ray_engine import RayEngine
from tests.centre_node.study.made_up import tiny_inputs, tiny_study, untrained_package

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    package = untrained_package(tmp_path_factory.mktemp("package"))
    return prepare(
        tiny_study(package),
        tiny_inputs(package),
        folder=tmp_path_factory.mktemp("ready"),
        device=torch.device("cpu"),
        threads=1,
    )


@pytest.fixture
def address() -> Iterator[str]:
    from ray.cluster_utils import Cluster

    machine: dict[str, Any] = {
        "num_cpus": 1,
        "object_store_memory": 100 * 2**20,
        "include_dashboard": False,
    }
    cluster = Cluster(initialize_head=True, head_node_args=machine)
    cluster.add_node(**machine)
    yield cluster.address
    cluster.shutdown()  # type: ignore[no-untyped-call]


def test_a_cluster_of_two_gives_the_results_of_one_process(
    ready: Preparation, address: str
) -> None:
    runs = list(ready.study.runs())
    RayEngine(address).check()
    here, there = (
        {o.run: o for o in engine.outcomes(ready.file, runs, device="cpu", on_tick=lambda: None)}
        for engine in (LocalEngine(1), RayEngine(address))
    )

    assert set(there) == set(here) == set(runs)
    for run in runs:
        one, other = here[run].result, there[run].result
        assert one is not None
        assert other is not None, there[run].problem
        assert one.row == other.row
        assert one.test_log_odds == other.test_log_odds


def test_no_cluster_is_said(ready: Preparation) -> None:
    engine = RayEngine("127.0.0.1:1")

    with pytest.raises(EngineError, match=r"no Ray cluster at '127\.0\.0\.1:1'"):
        engine.check()
    with pytest.raises(EngineError, match=r"no Ray cluster at '127\.0\.0\.1:1'"):
        list(engine.outcomes(ready.file, [], device="cpu", on_tick=lambda: None))
