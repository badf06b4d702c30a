"""`genshare receipt`: from a study's result to a hub."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from centre_node.study.errors import NoReceiptError
from centre_node.study.lineage import RESULT
from centre_node.study.receipts import Place, generator_of, receipt_of
from node_api.findings import ChosenControl, StudyResult
from shared.hub_client import HubClient
from shared.records import GeneratorVersion
from signing.keys import make_key, read_key
from signing.receipts import check_receipt
from study_report.contents import StudyReport
from tests.command_line import Done, Genshare
from tests.hub_server import running_hub
from tests.packages import write_tiny_package
from tests.study_report.made_up import a_study

CONTROL = "own lesions repeated"


@dataclass(frozen=True)
class World:
    genshare: Genshare
    owner: HubClient
    record: GeneratorVersion
    study: Path
    token: str
    key: Path

    def __call__(self, *arguments: str | Path) -> Done:
        where = ("--hub-url", self.owner.url, "--token", self.token, "--signing-key", self.key)
        return self.genshare("receipt", self.study, *arguments, *where)


def a_result(digest: str, *, controls: bool = True) -> StudyResult:
    """Return a study with two columns, whose arm B uses a generator of this digest."""
    result = a_study().result
    chosen = tuple(
        ChosenControl(classifier="cnn", train_fraction=share, arm=CONTROL, candidates={})
        for share in (1.0, 0.5)
    )
    findings = result.findings.model_copy(update={"controls": chosen if controls else ()})
    used = {"manifest_digest": digest, "name": "lesions-dcgan"}
    first, second = result.generators
    generators = (first.model_copy(update=used), second)
    return result.model_copy(update={"findings": findings, "generators": generators})


@pytest.fixture
def world(genshare: Genshare, tmp_path: Path) -> Iterator[World]:
    with running_hub(tmp_path / "hub") as hub:
        owner = hub.client(hub.client().invite("centre-b"))
        record = owner.publish(write_tiny_package(tmp_path / "package"))
        token = hub.client().invite("centre-a")
        make_key(tmp_path / "key.pem")
        report = StudyReport(
            configuration=a_study().configuration, result=a_result(record.manifest_digest)
        )
        study = tmp_path / "study"
        study.mkdir()
        (study / RESULT).write_text(report.model_dump_json())
        yield World(genshare, owner, record, study, token, tmp_path / "key.pem")


def test_what_was_found_is_shown_and_only_sent_when_asked(world: World) -> None:
    shown = world("--arm", "B", "--fraction", "1")
    before = world.owner.receipts.of_version(world.record)
    sent = world("--arm", "B", "--fraction", "1", "--send")
    kept = world.owner.receipts.of_version(world.record)

    assert (shown.code, sent.code, before) == (0, 0, ())
    assert "Nothing was sent" in shown.stderr
    assert shown.stdout == sent.stdout
    assert "AUROC +0.040 (95 % interval +0.016 to +0.064): higher" in shown.stdout
    receipt = kept[0].receipt
    assert (receipt.receiver, receipt.control, receipt.patients) == (
        "centre-a",
        CONTROL,
        "50 to 99",
    )
    bundle = world.owner.receipts.bundle(world.record, "centre-a")
    key = read_key(world.key).public
    assert bundle is not None
    assert check_receipt(bundle, key, world.record.manifest) == receipt


def test_what_cannot_be_told_is_refused_with_what_can(world: World) -> None:
    several = world("--arm", "B")
    both = world("--arm", "B + C")
    elsewhere = world("--arm", "C", "--fraction", "1")

    assert {several.code, both.code, elsewhere.code} == {1}
    assert "--classifier cnn --fraction 1; --classifier cnn --fraction 0.5" in several.stderr
    assert "such arms are: B, B alone, C" in both.stderr
    assert "the hub" in elsewhere.stderr


def test_a_study_without_a_control_says_nothing(world: World) -> None:
    result = a_result(world.record.manifest_digest, controls=False)

    assert generator_of(result, "B").manifest_digest == world.record.manifest_digest
    with pytest.raises(NoReceiptError, match="compares 'B' with no best control"):
        receipt_of(result, Place("B"), world.record, "centre-a")
