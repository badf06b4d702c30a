"""A node's key, what it signs and whom it trusts."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from centre_node.connection.service import Connection
from centre_node.connection.store import ConnectionStore
from centre_node.database import open_database
from centre_node.main import create_app
from centre_node.settings import Settings
from hub.commands import app as hub_commands
from node_api.connection import HubConnection
from shared.errors import CannotServeError, HubRefusedError
from shared.hub_client import HubClient
from shared.records import GeneratorPage
from signing.keys import KEY_FILE, make_key, read_key
from signing.publishing import Signer
from signing.statuses import read_status
from tests.hub_server import RunningHub, running_hub, serving
from tests.lying_hub import lying
from tests.packages import write_tiny_package

TOKEN = "token-of-the-tests"


@dataclass(frozen=True)
class Served:
    app: FastAPI
    url: str
    folder: Path

    def ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {TOKEN}", **content.pop("headers", {})}
        return httpx.request(
            method, f"{self.url}/api/v1{path}", headers=headers, timeout=60, **content
        )

    def connect(self, hub: RunningHub, **token: str) -> httpx.Response:
        body = {"centre": "centre-b", "url": hub.url, **token}
        return self.ask("PUT", "/hub-connection", json=body)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Served]:
    settings = Settings(data_dir=tmp_path / "node", token=TOKEN)
    app = create_app(settings)
    with ExitStack() as stack:
        url = stack.enter_context(serving(app, settings))
        yield Served(app, url, tmp_path / "node")


def keys(hub: RunningHub) -> list[str]:
    return [key.public_key for key in hub.client().signing.keys("centre-b")]


def test_a_node_makes_its_key_at_its_first_start_and_never_shows_it(node: Served) -> None:
    file = node.folder / KEY_FILE
    public = read_key(file).public

    told = node.ask("GET", "/signing-key")

    assert file.stat().st_mode & 0o777 == 0o600
    assert told.json() == {"fingerprint": public.fingerprint, "public_key": public.pem}
    assert create_app(Settings(data_dir=node.folder)).state.trust.key.public == public
    file.chmod(0o644)
    with pytest.raises(CannotServeError, match="others may read"):
        create_app(Settings(data_dir=node.folder))


def test_a_node_that_connects_gives_the_hub_its_key(node: Served, hub: RunningHub) -> None:
    answer = node.connect(hub, token=hub.client().invite("centre-b"))

    assert answer.status_code == 200
    assert keys(hub) == [read_key(node.folder / KEY_FILE).public.pem]


def test_a_node_joins_with_a_join_token_and_gets_its_own(node: Served, hub: RunningHub) -> None:
    arguments = ["invite", "centre-b", "--join", "--data-dir", str(hub.data_dir)]
    token = CliRunner().invoke(hub_commands, arguments).stdout.strip()

    joined, again = node.connect(hub, join_token=token), node.connect(hub, join_token=token)

    assert (joined.status_code, again.status_code) == (200, 502)
    assert "GS-1001" in again.json()["detail"]
    assert node.ask("GET", "/hub-connection").json()["centre"] == "centre-b"
    assert keys(hub) == [read_key(node.folder / KEY_FILE).public.pem]
    assert node.app.state.connection.current().token.startswith("gsc_")


def test_a_hub_that_has_another_key_of_the_centre_is_not_connected(
    node: Served, hub: RunningHub, tmp_path: Path
) -> None:
    token = hub.client().invite("centre-b")
    Signer(make_key(tmp_path / "other.pem"), hub.client(token)).introduce("centre-b")

    answer = node.connect(hub, token=token)

    assert (answer.status_code, answer.json()["code"]) == (422, "GS-2313")
    assert node.ask("GET", "/hub-connection").status_code == 409


def test_a_withdrawal_is_signed_by_the_node(node: Served, hub: RunningHub, tmp_path: Path) -> None:
    token = hub.client().invite("centre-b")
    node.connect(hub, token=token)
    owner, key = hub.client(token), read_key(node.folder / KEY_FILE)
    Signer(key, owner).sign(owner.publish(write_tiny_package(tmp_path / "made")), None)

    wanted = {"name": "lesions-dcgan", "version": 1, "reason": "It holds copies"}
    done, again = (node.ask("POST", "/withdrawals", json=wanted) for _ in range(2))
    unknown = node.ask("POST", "/withdrawals", json=wanted | {"version": 9})

    assert (done.status_code, again.status_code, unknown.status_code) == (200, 200, 502)
    assert (done.json()["state"], done.json()["reason"]) == ("withdrawn", "It holds copies")
    status = read_status(_status(owner), key.public, centre="centre-b")
    assert [item.withdrawn for item in status.versions] == [True]


def _status(owner: HubClient) -> bytes:
    content = owner.signing.status("centre-b")
    assert content is not None
    return content


def test_trust_is_replaced_as_a_whole_and_only_if_it_was_not_changed_meanwhile(
    node: Served,
) -> None:
    before = node.ask("GET", "/trust")
    wanted = {
        "mode": "enforce",
        "first_use": False,
        "centres": {
            "centre-c": {
                "keys": [{"fingerprint": "1" * 64, "how": "pinned", "since": "2026-01-02"}]
            }
        },
    }
    etag = {"If-Match": before.headers["ETag"]}

    first = node.ask("PUT", "/trust", json=wanted, headers=etag)
    second = node.ask("PUT", "/trust", json={}, headers=etag)
    wrong = node.ask("PUT", "/trust", json={"mode": "sometimes"})

    assert before.json()["mode"] == "warn"
    assert (first.status_code, second.status_code, wrong.status_code) == (200, 412, 422)
    now = node.ask("GET", "/trust").json()
    assert (now["mode"], now["first_use"]) == ("enforce", False)
    assert now["centres"]["centre-c"]["keys"][0]["fingerprint"] == "1" * 64


def test_a_trust_file_that_was_broken_by_hand_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_text("{}x")

    with pytest.raises(CannotServeError, match=r"trust\.json"):
        create_app(Settings(data_dir=tmp_path))


def test_a_hub_of_before_that_does_not_tell_whose_a_token_is_can_be_connected_to(
    tmp_path: Path,
) -> None:
    (tmp_path / "node").mkdir()
    store = ConnectionStore(open_database(tmp_path / "node"))
    connection = Connection(store, allow_unencrypted=False)
    with lying(write_tiny_package(tmp_path / "package")) as hub:
        wanted = HubConnection(centre="centre-b", url=hub.url, token="gsc_token")
        with pytest.raises(HubRefusedError):  # nor does it list generators
            connection.join(wanted, make_key(tmp_path / "key.pem"))
        empty = GeneratorPage(items=(), next_cursor=None).model_dump_json().encode()
        hub.files["generators?limit=1"] = lambda answer: answer.give(empty)
        connection.join(wanted, make_key(tmp_path / "other.pem"))

    assert connection.hub().centre == "centre-b"
