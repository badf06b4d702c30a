import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from centre_node.connection.store import ConnectionStore
from centre_node.database import open_database
from centre_node.jobs import handlers
from centre_node.jobs.node import Node
from centre_node.jobs.pruning import ARTIFACTS
from centre_node.ledger.store import LEDGER, LedgerStore
from centre_node.mammography.datasets import DataFolders
from centre_node.sharing.errors import ReleaseRefusedError
from centre_node.sharing.release import AUDIT
from node_api.audits import AuditedWeights
from node_api.connection import HubConnection
from node_api.jobs import Job
from node_api.release import POLICY_FILE, ReleasePolicy
from node_api.requests import PublishRequest, StudyRequest
from shared.canonical import digest_of
from shared.errors import UnencryptedError
from shared.hub_client import HubClient
from shared.statements import StatedWaiver
from tests.audits import an_audit, figures
from tests.centre_node.jobs.reviews import TRAINED_JOB
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
    monkeypatch.setattr(Node, "reading", lambda *_: None)
    monkeypatch.setattr(handlers, "run_study", lambda _study, inputs, **_: inputs)
    monkeypatch.setattr(handlers, "read_report", lambda _path: None)
    monkeypatch.setattr(handlers, "write_report", lambda _folder, _report: None)
    node = Node(create_engine("sqlite://"), tmp_path, DataFolders(None, tmp_path))
    request: Any = {"id": "job", "request": StudyRequest(dataset="own", study=study)}
    job = Job.model_construct(**request)

    with counted() as seen:
        inputs: Any = handlers.handle(job, node, lambda _step: None)

    assert seen.of(package.card.weights[0].sha256) == (1, 0)
    assert inputs.packages[package.digest].card == package.card


PUBLISH = "b" * 32


def hub_of(node: Node) -> HubClient:
    given: Any = {"hub": None}
    return node.hub(Job.model_construct(**given))


def publish(node: Node, name: str = "waived") -> Any:
    terms = {"title": "Masses", "licence": "CC0 1.0", "use_terms": "Tests", "contact": "tests"}
    request = PublishRequest(training_job=TRAINED_JOB, name=name, **terms)
    given: Any = {"id": PUBLISH, "request": request}
    return handlers.handle(Job.model_construct(**given), node, lambda _step: None)


def test_a_publish_job_obeys_the_policy_in_the_nodes_folder(trained_node: Node) -> None:
    folder, policy = trained_node.job_folder(PUBLISH), ReleasePolicy(audit_required=True)
    (trained_node.data_dir / POLICY_FILE).write_text("audit_required = true")
    before = list(hub_of(trained_node).generators("centre-b"))  # other tests publish there too

    with pytest.raises(ReleaseRefusedError, match="no audit of these weights was made"):
        publish(trained_node)
    assert "<b>refused</b>" in (folder / ARTIFACTS / "privacy.html").read_text()
    assert not (folder / "package").exists()
    assert list(hub_of(trained_node).generators("centre-b")) == before

    ledger = LedgerStore(trained_node.data_dir / LEDGER)
    waiver = StatedWaiver(by="The officer", reason="Phantoms only.")
    digest = digest_of(policy)
    ledger.waive(TRAINED_JOB, waiver, policy_digest=digest, now=datetime(2026, 1, 2, tzinfo=UTC))
    published = publish(trained_node)

    statement = hub_of(trained_node).statement(published)
    assert statement is not None
    assert (statement.verdict, statement.waiver) == ("refused", waiver)
    assert [entry.released for entry in ledger.read(most=9).entries] == [True, False]


def test_without_a_policy_a_publish_job_says_that_nothing_was_audited(
    trained_node: Node,
) -> None:
    published = publish(trained_node, "not-audited")

    statement = hub_of(trained_node).statement(published)
    assert statement is not None
    assert (statement.verdict, statement.audit) == ("not required", None)


def test_an_audit_that_is_there_is_obeyed_without_a_policy_too(trained_node: Node) -> None:
    training = trained_node.job_folder(TRAINED_JOB) / "training"
    content = (training / "weights.safetensors").read_bytes()
    weights = AuditedWeights(name="weights.safetensors", sha256=hashlib.sha256(content).hexdigest())
    leak = figures(auroc=0.9, auroc_upper=0.95)
    (training / AUDIT).parent.mkdir()
    (training / AUDIT).write_text(an_audit(weights=(weights,), attacks=(leak,)).model_dump_json())

    with pytest.raises(ReleaseRefusedError, match="density ratio, per patch: the AUROC is at most"):
        publish(trained_node)


def test_a_hub_in_the_clear_is_called_only_while_the_node_may(tmp_path: Path) -> None:
    engine, folders = open_database(tmp_path), DataFolders(None, tmp_path)
    connection = HubConnection(centre="centre-b", url="http://hub:8000", token="gsc_" + "x" * 40)
    ConnectionStore(engine).put(connection)

    hub_of(Node(engine, tmp_path, folders, allow_unencrypted=True))
    with pytest.raises(UnencryptedError):
        hub_of(Node(engine, tmp_path, folders))
