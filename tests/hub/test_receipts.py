"""What receivers say that generators were worth to them, on a hub."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.hub_client import HubClient
from shared.records import GeneratorVersion
from shared.states import StateWanted
from signing.bundles import read_bundle
from signing.keys import SigningKey, make_key
from signing.publishing import Signer
from signing.receipts import check_receipt, sign_receipt
from tests.hub_server import RunningHub, database_of, running_hub, verified
from tests.packages import write_tiny_package
from tests.receipts import LOWER, a_receipt
from tests.signing.made_up import a_key

PLACE = "/api/v1/generators/centre-b/lesions-dcgan/versions/1/receipts"


@dataclass(frozen=True)
class Received:
    """A centre that has used another one's generator."""

    hub: RunningHub
    record: GeneratorVersion
    owner: HubClient
    client: HubClient
    token: str
    key: SigningKey

    def signed(self, key: SigningKey | None = None, **changes: Any) -> bytes:
        receipt = a_receipt(self.record, **changes)
        return sign_receipt(key or self.key, receipt, self.record.manifest)

    def put(self, content: bytes, receiver: str = "centre-a") -> tuple[int, str]:
        """Return status and code."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        url = f"{self.hub.url}{PLACE}/{receiver}"
        answer = httpx.put(url, content=content, headers=headers)
        return answer.status_code, answer.json().get("code", "")


@pytest.fixture
def received(tmp_path: Path) -> Iterator[Received]:
    with running_hub(tmp_path / "hub") as hub:
        owner = hub.client(hub.client().invite("centre-b"))
        record = owner.publish(write_tiny_package(tmp_path / "made"))
        token, key = hub.client().invite("centre-a"), make_key(tmp_path / "key.pem")
        client = hub.client(token)
        Signer(key, client).introduce("centre-a")
        yield Received(hub, record, owner, client, token, key)


def test_a_receipt_is_served_as_it_was_signed_and_listed(received: Received) -> None:
    content = received.signed()

    answered = [received.put(content), received.put(content)]
    read = received.owner.receipts.bundle(received.record, "centre-a")
    listed = received.owner.receipts.of_version(received.record)

    assert answered == [(201, ""), (200, "")]
    assert read == content
    receipt = check_receipt(read, received.key.public, received.record.manifest)
    assert receipt == a_receipt(received.record)
    assert [(kept.receipt, kept.signed_with) for kept in listed] == [
        (receipt, received.key.public.fingerprint)
    ]
    assert list(received.owner.receipts.all()) == list(listed)
    assert received.owner.receipts.bundle(received.record, "centre-c") is None
    assert log_of(received.hub) == [("centre-a", "centre-b", "higher")]


def log_of(hub: RunningHub) -> list[tuple[str, str, str]]:
    query = "SELECT content FROM audit_log WHERE action = 'receipt_added' ORDER BY number"
    with database_of(hub.data_dir).connect() as connection:
        entries = [json.loads(row[0]) for row in connection.exec_driver_sql(query)]
    return [(told["caller"], told["centre"], told["detail"]["verdict"]) for told in entries]


def test_only_the_receivers_own_word_of_that_very_version_is_kept(
    received: Received, tmp_path: Path
) -> None:
    other = write_tiny_package(tmp_path / "other", title="Another")
    bundle = json.loads(received.signed())
    payload = bundle["dsseEnvelope"]["payload"]
    bundle["dsseEnvelope"]["payload"] = payload[:-8] + "AAAAAAA="
    tomorrow = datetime.now(UTC).date() + timedelta(days=2)
    of_other = sign_receipt(received.key, a_receipt(received.record), other.manifest)

    answered = {
        "for another receiver": received.put(received.signed(receiver="centre-c"), "centre-c"),
        "as another receiver": received.put(received.signed(receiver="centre-c")),
        "wrong signer": received.put(received.signed(a_key())),
        "changed": received.put(json.dumps(bundle).encode()),
        "another package": received.put(of_other),
        "another digest": received.put(received.signed(subject="0" * 64)),
        "another version": received.put(received.signed(version=2)),
        "a day to come": received.put(received.signed(day=tomorrow.isoformat())),
        "a telling arm": received.put(received.signed(arm="B 1961-04-12")),
    }

    assert answered == {
        "for another receiver": (403, "GS-1002"),
        "as another receiver": (422, "GS-1372"),
        "wrong signer": (409, "GS-2322"),
        "changed": (422, "GS-2302"),
        "another package": (422, "GS-2302"),
        "another digest": (422, "GS-2302"),
        "another version": (422, "GS-1372"),
        "a day to come": (422, "GS-1372"),
        "a telling arm": (422, "GS-1372"),
    }
    assert received.client.receipts.of_version(received.record) == ()
    assert log_of(received.hub) == []


def test_a_later_receipt_replaces_and_an_earlier_one_does_not(received: Received) -> None:
    first, later = received.signed(day="2026-11-02"), received.signed(day="2026-11-03", **LOWER)

    answered = [received.put(content) for content in (first, later, first, later)]

    assert answered == [(201, ""), (201, ""), (409, "GS-1371"), (200, "")]
    assert received.client.receipts.bundle(received.record, "centre-a") == later
    assert [told[2] for told in log_of(received.hub)] == ["higher", "lower"]


def test_receipts_of_what_was_withdrawn_stay_with_it_alone(received: Received) -> None:
    received.put(received.signed())
    received.owner.life_cycle.change_state(
        received.record, StateWanted(state="withdrawn", reason="It holds copies")
    )

    assert list(received.client.receipts.all()) == []
    assert len(received.client.receipts.of_version(received.record)) == 1


def test_verify_names_a_receipt_that_was_exchanged(received: Received) -> None:
    received.put(received.signed())
    assert faults(received.hub) == []
    exchanged = received.signed(**LOWER)
    assert read_bundle(exchanged).signer == received.key.public.fingerprint

    with sqlite3.connect(received.hub.data_dir / "hub.sqlite") as database:
        database.execute("UPDATE receipts SET content = ?", (exchanged.decode(),))
    changed = faults(received.hub)
    with sqlite3.connect(received.hub.data_dir / "hub.sqlite") as database:
        database.execute("DELETE FROM receipts")
    missing = faults(received.hub)

    place = "receipt of centre-a for version 1 of centre-b/lesions-dcgan"
    assert [fault.partition(", ")[0] for fault in changed] == [
        f"{place}: the log tells of another one"
    ]
    assert missing == [f"{place}: missing; the log tells of it"]


def faults(hub: RunningHub) -> list[str]:
    return [str(fault) for fault in verified(hub.data_dir).faults]


def test_pages_show_the_matrix_and_a_generators_receipts(received: Received) -> None:
    browser = received.hub.browser("centre-b")
    assert "No centre has given a receipt yet" in browser.get("/receipts").text

    received.put(received.signed(**LOWER))
    matrix = browser.get("/receipts").text
    page = browser.get("/generators/centre-b/lesions-dcgan/1").text

    told = "\u22120.031"
    assert '<th scope="col">to centre-a</th>' in matrix
    assert '<th scope="row">centre-b</th>' in matrix
    assert (told in matrix, told in page) == (True, True)
    assert ("\u25bc lower" in matrix, "50 to 99" in page) == (True, True)
