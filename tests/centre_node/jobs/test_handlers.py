from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from centre_node.jobs import handlers
from centre_node.mammography.datasets import DataFolders
from node_api.jobs import Job
from node_api.requests import StudyRequest
from tests.centre_node.study.made_up import tiny_study
from tests.packages import write_tiny_package
from tests.verifications import counted


def test_a_study_verifies_a_generator_once_however_many_arms_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = write_tiny_package(tmp_path / "made")
    (tmp_path / "generators").mkdir()
    package.folder.rename(tmp_path / "generators" / package.digest)
    arms = tuple(
        {"name": f"own and {name}", "generators": (package.digest,)} for name in ("B", "B again")
    )
    study = tiny_study(package, arms=({"name": "none"}, *arms))
    monkeypatch.setattr(handlers.Node, "reading", lambda *_: None)
    monkeypatch.setattr(handlers, "run_study", lambda _study, inputs, **_: inputs)
    node = handlers.Node(create_engine("sqlite://"), tmp_path, DataFolders(None, tmp_path))
    request: Any = {"id": "job", "request": StudyRequest(dataset="own", study=study)}
    job = Job.model_construct(**request)

    with counted() as seen:
        inputs: Any = handlers.handle(job, node, lambda _step: None)

    assert seen.of(package.card.weights[0].sha256) == (1, 0)
    assert inputs.packages[package.digest].card == package.card
