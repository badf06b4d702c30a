"""What is written into the audit log, by what happens at a real hub."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.audit_log.events import NOTHING_BEFORE, Action, Event
from hub.audit_log.refusals import PER_MINUTE
from hub.audit_log.store import LogFilter, LogStore, append
from hub.centres.callers import operator
from hub.database import CentreRow
from shared.errors import HubRefusedError
from shared.packages import Package
from tests.command_line import Genshare
from tests.hub_server import ADMIN_TOKEN, RunningHub, database_of, running_hub
from tests.packages import write_tiny_package
from tests.statements import a_statement

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LOG = "/api/v1/log"
FILES = "/api/v1/generators/centre-b/lesions-dcgan/versions/{version}/files/{file}"


@dataclass(frozen=True)
class Exchange:
    hub: RunningHub
    package: Package
    tokens: Mapping[str, str]
    http: httpx.Client

    def get(self, path: str, token: str = ADMIN_TOKEN, **headers: str) -> httpx.Response:
        return self.http.get(path, headers={"Authorization": f"Bearer {token}", **headers})

    def log(self, query: str = "") -> list[dict[str, Any]]:
        """Return the entries, oldest first."""
        items = self.get(f"{LOG}?limit=200{query}").raise_for_status().json()["items"]
        return [item["entry"] for item in reversed(items)]

    def actions(self) -> list[tuple[str, str]]:
        return [(entry["caller"], entry["action"]) for entry in self.log()]


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    with running_hub(tmp_path / "hub") as hub:
        tokens = {name: hub.client().invite(name) for name in ("centre-a", "centre-b")}
        package = write_tiny_package(tmp_path / "package")
        hub.client(tokens["centre-b"]).publish(package)
        with httpx.Client(base_url=hub.url, timeout=60) as http:
            yield Exchange(hub, package, tokens, http)


@pytest.fixture
def log(tmp_path: Path) -> LogStore:
    return LogStore(database_of(tmp_path))


def an_event(**changed: Any) -> Event:
    return Event.of(operator(), Action.CENTRE_ENROLLED, **{"centre": "centre-a", **changed})


def test_an_entry_is_the_canonical_json_whose_sha256_the_next_one_holds(
    log: LogStore, tmp_path: Path
) -> None:
    event = Event.of(operator(), Action.REFUSED, centre="centre-a", code="GS-1002")
    event = event.model_copy(update={"address": "192.0.2.7"})
    log.tell(event, at=NOW)
    log.tell(event, at=NOW)

    with closing(sqlite3.connect(tmp_path / "hub.sqlite")) as database:
        rows = database.execute("SELECT content, sha256 FROM audit_log ORDER BY number").fetchall()

    assert rows[0][0] == (
        '{"action":"refused","address":"192.0.2.7","at":"2026-01-01T12:00:00Z",'
        '"caller":"(operator)","centre":"centre-a","detail":{"code":"GS-1002"},"name":null,'
        f'"number":1,"previous_sha256":"{NOTHING_BEFORE}","subject":null,"version":null}}'
    )
    assert [hashlib.sha256(content.encode()).hexdigest() for content, _ in rows] == [
        sha256 for _, sha256 in rows
    ]
    assert json.loads(rows[1][0])["previous_sha256"] == rows[0][1]
    assert log.head().model_dump() == {"number": 2, "sha256": rows[1][1]}


def test_what_is_told_and_its_entry_are_both_there_or_neither(tmp_path: Path) -> None:
    engine = database_of(tmp_path)

    def enrol_and_fail() -> None:
        with Session(engine) as session, session.begin():
            session.add(CentreRow(name="centre-a", token_sha256="0" * 64, enrolled_at=NOW))
            append(session, an_event(), at=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        enrol_and_fail()
    with Session(engine) as session:
        assert session.get(CentreRow, "centre-a") is None
    assert LogStore(engine).head().number == 0


def test_many_who_write_at_once_make_one_chain(tmp_path: Path) -> None:
    log = LogStore(database_of(tmp_path))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: log.tell(an_event(), at=NOW), range(16)))

    page, _ = log.page(LogFilter(), cursor=None, limit=200)
    items = json.loads(page)["items"]
    assert [item["entry"]["number"] for item in items] == list(range(16, 0, -1))
    assert [item["entry"]["previous_sha256"] for item in items] == [
        *(item["sha256"] for item in items[1:]),
        NOTHING_BEFORE,
    ]


@pytest.mark.parametrize("change", ["UPDATE audit_log SET action = ''", "DELETE FROM audit_log"])
def test_the_database_itself_refuses_to_change_an_entry(
    log: LogStore, tmp_path: Path, change: str
) -> None:
    log.tell(an_event(), at=NOW)

    with (
        pytest.raises(IntegrityError, match="only added to"),
        database_of(tmp_path).begin() as connection,
    ):
        connection.exec_driver_sql(change)


def test_a_proxys_strange_address_is_kept_printable_and_short() -> None:
    told = Event(**{**dict(an_event()), "address": "\x1b[2J" + "x" * 500})

    assert told.address == "?[2J" + "x" * 60


def test_enrolment_publication_and_statement_are_told_with_who_and_what(
    exchange: Exchange,
) -> None:
    owner = exchange.hub.client(exchange.tokens["centre-b"])
    record = owner.publish(exchange.package)  # again: nothing happens, so nothing is told
    owner.state(record, a_statement(subject=exchange.package.digest))
    exchange.hub.client().invite("centre-a", renew=True)
    exchange.http.delete(
        "/api/v1/centres/centre-a", headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}
    ).raise_for_status()
    exchange.hub.client().invite("centre-a", renew=True)

    assert exchange.actions() == [
        ("(administrator)", "centre_enrolled"),
        ("(administrator)", "centre_enrolled"),
        ("centre-b", "published"),
        ("centre-b", "statement_added"),
        ("(administrator)", "token_renewed"),
        ("(administrator)", "centre_removed"),
        ("(administrator)", "centre_enrolled"),
    ]
    published = exchange.log("&action=published")[0]
    size = sum(file.size_bytes for file in exchange.package.manifest.files)
    assert (published["address"], published["subject"]) == ("127.0.0.1", exchange.package.digest)
    assert (published["centre"], published["name"], published["version"]) == (
        "centre-b",
        "lesions-dcgan",
        1,
    )
    assert published["detail"] == {"files": 2, "size_bytes": size}


def test_a_command_on_the_hubs_machine_is_told_with_its_account(
    exchange: Exchange, genshare: Genshare
) -> None:
    data_dir = ("--data-dir", str(exchange.hub.data_dir))

    genshare("hub", "invite", "centre-c", *data_dir)
    genshare("hub", "remove", "centre-c", *data_dir)

    told = exchange.log("&caller=(operator)")
    assert [entry["action"] for entry in told] == ["centre_enrolled", "centre_removed"]
    assert {entry["address"] for entry in told} == {operator().address}
    assert operator().address.startswith("local:")


def test_a_login_is_told_and_a_link_that_was_used_before_is_none(
    exchange: Exchange, genshare: Genshare
) -> None:
    login = ("hub", "login", "--data-dir", str(exchange.hub.data_dir), "--url", exchange.hub.url)
    link = httpx.URL(genshare(*login).stdout.strip()).params["once"]

    here = {"Origin": exchange.hub.url}
    answers = [exchange.http.post("/login", data={"once": link}, headers=here) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 410]
    (told,) = exchange.log("&action=logged_in")
    assert (told["caller"], told["address"]) == ("(operator)", "127.0.0.1")
    assert link not in json.dumps(exchange.log())


def test_weights_are_told_once_an_hour_whichever_part_comes_first_and_cards_never(
    exchange: Exchange,
) -> None:
    weights = exchange.package.card.weights[0]
    path = FILES.format(version="latest", file=weights.name)
    token = exchange.tokens["centre-a"]

    part = exchange.get(path, token, Range="bytes=5-9")
    rest = exchange.get(path, token, Range="bytes=10-")
    whole = exchange.get(FILES.format(version=1, file=weights.name), token)
    other = exchange.get(path, exchange.tokens["centre-b"])
    known = exchange.get(path, ADMIN_TOKEN, **{"If-None-Match": f'"{weights.sha256}"'})
    beyond = exchange.get(path, ADMIN_TOKEN, Range="bytes=99999999-")
    head = exchange.http.head(path, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
    card = exchange.get(FILES.format(version=1, file="card.json"), ADMIN_TOKEN)

    answered = [each.status_code for each in (part, rest, whole, other, known, beyond, head, card)]
    assert answered == [206, 206, 200, 200, 304, 416, 200, 200]
    fetched = exchange.log("&action=fetched")
    assert [(entry["caller"], entry["version"]) for entry in fetched] == [
        ("centre-a", 1),
        ("centre-b", 1),
    ]
    assert {entry["subject"] for entry in fetched} == {weights.sha256}
    assert fetched[0]["detail"] == {"file": weights.name}


def test_a_refusal_is_told_with_its_reason_and_no_secret(exchange: Exchange) -> None:
    foreign = exchange.hub.client(exchange.tokens["centre-a"])
    with pytest.raises(HubRefusedError, match="GS-1002"):
        foreign.publish(exchange.package)
    with pytest.raises(HubRefusedError, match="GS-1004"):
        foreign.invite("centre-x")
    exchange.get("/api/v1/centres", "gsc_a-wrong-token")
    exchange.http.get("/api/v1/centres")  # without any: so does whoever looks around

    told = exchange.log("&action=refused")

    assert [(entry["caller"], entry["detail"]["code"]) for entry in told] == [
        ("centre-a", "GS-1002"),
        ("centre-a", "GS-1004"),
        ("(nobody)", "GS-1001"),
    ]
    assert told[0]["detail"] == {
        "code": "GS-1002",
        "reason": "Another centre's name",
        "route": "POST /blobs/missing",
    }
    assert told[0]["centre"] == "centre-b"
    assert "gsc_" not in json.dumps(exchange.log())
    assert ADMIN_TOKEN not in json.dumps(exchange.log())


def test_a_flood_of_refusals_is_counted_and_not_written(exchange: Exchange) -> None:
    for _ in range(PER_MINUTE + 5):
        assert exchange.get(LOG, exchange.tokens["centre-a"]).status_code == 403

    assert len(exchange.log("&action=refused")) <= PER_MINUTE + 1  # a slow machine refills one
    assert exchange.get(LOG, exchange.tokens["centre-b"]).status_code == 403
    assert exchange.log("&caller=centre-b&action=refused") != []


def test_the_log_is_paged_newest_first_and_filtered(exchange: Exchange) -> None:
    first = exchange.get(f"{LOG}?limit=2").json()
    second = exchange.get(f"{LOG}?limit=2&cursor={first['next_cursor']}").json()
    of_a_generator = exchange.log("&centre=centre-b&name=lesions-dcgan")

    numbers = [item["entry"]["number"] for page in (first, second) for item in page["items"]]
    assert numbers == [3, 2, 1]
    assert second["next_cursor"] is None
    assert [entry["action"] for entry in of_a_generator] == ["published"]


def test_a_centre_can_ask_whether_the_head_that_it_kept_is_still_there(exchange: Exchange) -> None:
    token = exchange.tokens["centre-a"]
    kept = exchange.get(f"{LOG}/head", token).json()
    exchange.hub.client().invite("centre-c")

    assert exchange.get(f"{LOG}/entries/{kept['number']}/digest", token).json() == kept
    assert exchange.get(f"{LOG}/head", token).json()["number"] == kept["number"] + 1
    beyond = exchange.get(f"{LOG}/entries/99/digest", token)
    assert (beyond.status_code, beyond.json()["code"]) == (404, "GS-1300")
