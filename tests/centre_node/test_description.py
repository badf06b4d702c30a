"""The node answers what its own description says, to whatever that allows and forbids."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from centre_node.database import open_database
from centre_node.jobs.pruning import ARTIFACTS
from centre_node.jobs.store import JobStore
from centre_node.jobs.supervisor import Supervisor
from centre_node.main import create_app
from centre_node.settings import Settings
from node_api.requests import PullRequest
from node_api.results import PulledGenerator
from tests.centre_node.node_server import OWN, training
from tests.described_api import Known, Outcome, ask
from tests.hub_server import ADMIN_TOKEN, UNLIMITED, running_hub, serving

API = "/api/v1"
TOKEN = "token-of-the-tests"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FINISHED, WAITING, LEAVING = "a" * 32, "b" * 32, "d" * 32
REVISION = 3  # of the finished job: it was queued, claimed and ended


@dataclass(frozen=True)
class Seeded:
    url: str
    hub_url: str

    def ask(self, each: int) -> Outcome:
        return ask(self.url, (*[TOKEN] * 6, "wrong", None), _known(self.hub_url), each=each)


@pytest.fixture
def seeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seeded]:
    """A node with a data set and jobs, of which no worker does any, for some would take hours."""
    monkeypatch.setattr(Supervisor, "start", lambda *_: None)
    monkeypatch.setattr(Supervisor, "stop", lambda *_: None)
    data_dir = tmp_path / "node"
    data_dir.mkdir()
    _add_jobs(data_dir)
    unlimited = {name: value for name, value in UNLIMITED.items() if "wrong" in name}
    settings = Settings.model_validate({"data_dir": data_dir, "token": TOKEN, **unlimited})
    with running_hub(tmp_path / "hub") as hub, serving(create_app(settings), settings) as url:
        authorized = {"Authorization": f"Bearer {TOKEN}"}
        own = httpx.put(f"{url}{API}/datasets/own", json=OWN, headers=authorized)
        own.raise_for_status()
        yield Seeded(url, hub.url)


def _add_jobs(data_dir: Path) -> None:
    jobs = JobStore(open_database(data_dir))
    pull = PullRequest(centre="centre-b", name="lesions")
    jobs.add(LEAVING, pull, None, now=NOW)
    jobs.cancel(LEAVING, now=NOW)
    jobs.add(FINISHED, pull, None, now=NOW)
    jobs.claim(now=NOW)
    pulled = PulledGenerator(
        manifest_digest="0" * 64,
        centre="centre-b",
        name="lesions",
        version=1,
        weights=("weights.safetensors",),
        whole=True,
    )
    jobs.succeed(FINISHED, pulled, now=NOW)
    jobs.add(WAITING, pull, "key", now=NOW)
    artifacts = data_dir / "jobs" / FINISHED / ARTIFACTS
    artifacts.mkdir(parents=True)
    (artifacts / "losses.csv").write_text("epoch,loss\n1,0.5\n")
    (artifacts / "report.html").write_text("<!doctype html>")


def _known(hub_url: str) -> Known:
    connection = {"centre": "centre-b", "url": hub_url, "token": ADMIN_TOKEN}
    finished = [{"job_id": FINISHED}, {"job_id": "c" * 32}]
    return Known(
        paths=[
            {"job_id": FINISHED, "name": "losses.csv"},
            {"job_id": FINISHED, "name": "report.html"},
            {"job_id": WAITING, "name": "losses.csv"},
        ],
        headers=[
            {"If-None-Match": "*"},
            {"If-Match": "*"},
            {"Range": "bytes=0-9"},
            {"Range": "bytes=9999999-"},
            {"Range": "bytes=x-y"},
            {"Idempotency-Key": "key"},
            {"Last-Event-ID": str(REVISION)},
            {"Content-Type": "text/plain"},
        ],
        bodies={
            f"PUT {API}/datasets/{{name}}": [OWN],
            f"PUT {API}/hub-connection": [connection, {**connection, "token": "wrong"}],
            f"POST {API}/jobs": [training(), {"kind": "pull", "centre": "a", "name": "lesions"}],
        },
        own_paths={
            f"PUT {API}/datasets/{{name}}": [{"name": "own"}],
            f"GET {API}/datasets/{{name}}": [{"name": "own"}],
            f"HEAD {API}/datasets/{{name}}": [{"name": "own"}],
            f"DELETE {API}/jobs/{{job_id}}": [{"job_id": LEAVING}],
            # A stream of the events of a job that waits has no end.
            f"GET {API}/jobs/{{job_id}}/events": finished,
            f"HEAD {API}/jobs/{{job_id}}/events": finished,
        },
    )


@pytest.mark.slow
def test_answers_are_what_the_description_says(seeded: Seeded) -> None:
    outcome = seeded.ask(each=12)

    assert outcome.faults == {}
    assert outcome.cases >= 200


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_ten_thousand_answers_are_what_the_description_says(seeded: Seeded) -> None:
    outcome = seeded.ask(each=420)

    assert outcome.faults == {}
    assert outcome.cases >= 10_000
    met = {200, 202, 204, 206, 304, 400, 401, 404, 409, 412, 415, 416, 422, 502}
    assert outcome.statuses >= met
