from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.centre_node.node_server import Node
from tests.hub_server import RunningHub, running_hub


@pytest.fixture(autouse=True, scope="session")
def one_thread_from_the_start() -> None:
    """For what modules share, too: which threads drew a patch is part of what a run is known by."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def loopback_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("hub") / "data") as hub:
        yield hub


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with the data set `own`; tests share it and its worker."""
    node = Node(tmp_path_factory.mktemp("node") / "data")
    node.register().raise_for_status()
    yield node
    node.stop()


@pytest.fixture
def fresh_node(tmp_path: Path) -> Iterator[Node]:
    node = Node(tmp_path / "data")
    node.register().raise_for_status()
    yield node
    node.stop()
