"""What a node's staff see of the ledger, and how a second person waives."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from centre_node.access import staff_token
from centre_node.database import open_database
from centre_node.jobs.store import JobStore
from centre_node.jobs.supervisor import Supervisor
from centre_node.ledger.store import LEDGER, LedgerStore
from centre_node.main import create_app
from centre_node.privacy.policy_file import policy_of
from centre_node.privacy.waivers import key_sha256, new_key
from centre_node.settings import Settings
from node_api.release import POLICY_FILE
from node_api.requests import TrainGeneratorRequest
from shared.canonical import digest_of
from tests.hub_server import serving

KEY = new_key()
WAIVER = {"training_job": "trained", "reason": "Phantoms only.", "key": KEY}


@pytest.fixture
def http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A node that has a training, no worker, and a policy that names who may waive."""
    monkeypatch.setattr(Supervisor, "start", lambda *_: None)
    monkeypatch.setattr(Supervisor, "stop", lambda *_: None)
    officer = f'[[may_waive]]\nname = "The officer"\nkey_sha256 = "{key_sha256(KEY)}"\n'
    (tmp_path / POLICY_FILE).write_text(f"audit_required = true\n{officer}")
    settings = Settings(data_dir=tmp_path)
    app = create_app(settings)
    jobs = JobStore(open_database(tmp_path))
    now = datetime(2026, 1, 2, tzinfo=UTC)
    jobs.add("trained", TrainGeneratorRequest(dataset="own"), None, now=now)
    headers = {"Authorization": f"Bearer {staff_token(settings).value}"}
    with (
        serving(app, settings) as url,
        httpx.Client(base_url=f"{url}/api/v1", headers=headers) as client,
    ):
        yield client


def test_a_second_person_waives_with_a_key_that_is_nowhere_afterwards(
    http: httpx.Client, tmp_path: Path
) -> None:
    answer = http.post("/waivers", json=WAIVER)

    said = {"by": "The officer", "reason": "Phantoms only."}
    assert (answer.status_code, answer.json()) == (201, said)
    kept = LedgerStore(tmp_path / LEDGER).waiver(
        "trained", policy_digest=digest_of(policy_of(tmp_path, None))
    )
    assert kept is not None
    assert kept.model_dump() == said
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY.encode() not in written


def test_a_condition_on_what_nobody_can_read_changes_nothing(http: httpx.Client) -> None:
    assert http.post("/waivers", json=WAIVER, headers={"If-Match": "*"}).status_code == 201


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"key": "gsw_wrong"}, 403, "GS-3323"),
        ({"training_job": "none"}, 404, "GS-3303"),
        ({"reason": "Agreed for patient id 7 on 2024-05-06"}, 403, "GS-3323"),
        ({"reason": ""}, 422, "GS-0002"),
    ],
)
def test_a_waiver_that_is_none_is_refused_and_nothing_is_kept(
    http: httpx.Client, tmp_path: Path, change: dict[str, str], status: int, code: str
) -> None:
    answer = http.post("/waivers", json=WAIVER | change)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert KEY not in answer.text
    assert not (tmp_path / LEDGER).exists()


def test_the_ledger_is_a_table_for_staff(http: httpx.Client) -> None:
    assert http.get("/ledger").json() == {
        "entries": [],
        "entries_left_out": 0,
        "patients": [],
        "patients_left_out": 0,
    }
    assert http.get("/ledger", params={"limit": 0}).status_code == 422


def test_a_ledger_that_cannot_be_read_is_a_problem_without_its_path(
    http: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / LEDGER).touch(mode=0o600)
    with sqlite3.connect(tmp_path / LEDGER) as database:
        database.execute("PRAGMA user_version=99")
    database.close()

    answer = http.get("/ledger")

    assert (answer.status_code, answer.json()["code"]) == (507, "GS-3324")
    assert str(tmp_path) not in answer.text
