"""A hub where something happened."""

import shutil
from pathlib import Path

import pytest

from shared.states import Replacement, StateWanted
from signing.keys import make_key
from signing.publishing import Signer
from tests.hub_server import running_hub
from tests.packages import write_tiny_package
from tests.statements import a_statement


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a hub where something happened, and which nobody serves now."""
    folder = tmp_path_factory.mktemp("served")
    with running_hub(folder / "hub") as hub:
        owner = hub.invited("centre-b")
        package = write_tiny_package(folder / "package")
        statement = a_statement(subject=package.digest)
        stated = owner.state(owner.publish(package), statement)
        signer = Signer(make_key(folder / "key.pem"), owner)
        assert signer.introduce("centre-b")
        assert signer.sign(stated, statement)
        instead = Replacement(centre="centre-b", name="lesions-dcgan", version=2)
        record = owner.publish(write_tiny_package(folder / "other", title="Other"))
        best = owner.life_cycle.point_alias("centre-b", "lesions-dcgan", "best", 1)
        owner.life_cycle.point_alias("centre-b", "lesions-dcgan", "best", 2, before=best)
        old = StateWanted(state="withdrawn", reason="Too few patients", replacement=instead)
        owner.life_cycle.change_state(stated, old)
        hub.invited("centre-a").fetch(record, folder / "in")
    return folder / "hub"


@pytest.fixture
def data_dir(served: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(served, tmp_path / "hub"))
