"""A node tells its hub what a generator was worth, once a person has seen what that is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from centre_node.connection.store import ConnectionStore
from centre_node.jobs.store import JobStore
from node_api.connection import HubConnection
from node_api.requests import PullRequest, StudyRequest
from shared.hub_client import HubClient
from shared.records import GeneratorVersion
from signing.keys import KEY_FILE, read_key
from signing.receipts import check_receipt
from tests.centre_node.pages.browsed import BrowsedNode, browsed_node
from tests.centre_node.study.test_receipts import CONTROL, a_result
from tests.hub_server import running_hub
from tests.packages import write_tiny_package
from tests.study_report.made_up import a_study

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TOKEN = "token-of-the-tests"
STUDY, PULL = "a" * 32, "b" * 32
B_WHOLE: dict[str, Any] = {"study_job": STUDY, "arm": "B", "train_fraction": 1.0}


@dataclass(frozen=True)
class World:
    """Centre A's node has a finished study, whose arm B used what centre B published."""

    node: BrowsedNode
    owner: HubClient
    record: GeneratorVersion

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        url = f"{self.node.url}/api/v1/receipts{path}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.post(url, json=body, headers=headers, timeout=60)

    def kept(self) -> int:
        return len(self.owner.receipts.of_version(self.record))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with (
        running_hub(tmp_path / "hub") as hub,
        browsed_node(tmp_path / "node", token=TOKEN) as node,
    ):
        owner = hub.invited("centre-b")
        record = owner.publish(write_tiny_package(tmp_path / "package"))
        token = hub.client().invite("centre-a")
        connection = HubConnection(centre="centre-a", url=hub.url, token=token)
        ConnectionStore(node.engine).put(connection)
        store = JobStore(node.engine)
        asked = StudyRequest(dataset="own", study=a_study().configuration)
        store.add(STUDY, asked, None, now=NOW)
        store.claim(now=NOW)
        store.succeed(STUDY, a_result(record.manifest_digest), now=NOW)
        store.add(PULL, PullRequest(centre="centre-b", name="masses"), None, now=NOW)
        yield World(node, owner, record)


def test_what_was_looked_at_is_sent_and_nothing_else(world: World) -> None:
    review = world.post("/review", B_WHOLE)
    before = world.kept()
    approval = {**B_WHOLE, "by": "Dr Ada", "digest": review.json()["digest"]}
    another = world.post("", {**approval, "train_fraction": 0.5})
    sent = world.post("", approval)

    assert (review.status_code, before) == (200, 0)
    assert review.json()["receipt"]["control"] == CONTROL
    assert (another.status_code, another.json()["code"]) == (409, "GS-3705")
    assert (sent.status_code, sent.json()) == (201, review.json())
    (kept,) = world.owner.receipts.of_version(world.record)
    assert kept.receipt.model_dump(mode="json") == review.json()["receipt"]
    bundle = world.owner.receipts.bundle(world.record, "centre-a")
    key = read_key(world.node.data_dir / KEY_FILE).public
    assert bundle is not None
    assert check_receipt(bundle, key, world.record.manifest) == kept.receipt


def test_a_receipt_is_of_a_finished_study(world: World) -> None:
    waiting = world.post("/review", {**B_WHOLE, "study_job": PULL})
    several = world.post("/review", {"study_job": STUDY, "arm": "B"})

    assert (waiting.status_code, waiting.json()["code"]) == (409, "GS-3304")
    assert (several.status_code, several.json()["code"]) == (422, "GS-2340")


def test_a_person_chooses_a_result_looks_and_sends(world: World) -> None:
    browser = world.node.browser()
    study = browser.get(f"/jobs/{STUDY}").text
    chosen = browser.get(f"/jobs/{STUDY}/receipt").text
    links = [unescape(link) for link in re.findall(r'href="(\?arm=[^"]+)"', chosen)]
    shown = browser.get(f"/jobs/{STUDY}/receipt{links[0]}").text
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
    wrong = browser.post(f"/jobs/{STUDY}/receipt", data={**fields, "digest": "0" * 64})
    unseen = world.kept()
    sent = browser.post(f"/jobs/{STUDY}/receipt", data=fields)

    assert f'href="/jobs/{STUDY}/receipt"' in study
    assert "AUROC +0.0" in shown
    assert "This would be sent, and nothing else" in shown
    assert (wrong.status_code, unseen) == (422, 0)
    assert "not the one that was looked at" in wrong.text
    assert (sent.status_code, world.kept()) == (200, 1)
    assert "for everybody there to read" in sent.text
