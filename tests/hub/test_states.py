"""What versions are: who may change it, who sees it, and what is served."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest

from hub.life_cycle.approval import approval_of
from hub.life_cycle.changes import ADMINISTRATOR, CENTRE, CHANGES, RULES, Who, check_change
from shared.canonical import canonical_json
from shared.errors import CannotServeError, HubRefusedError
from shared.packages import Package
from shared.problems import GenshareError
from shared.records import GeneratorVersion
from shared.states import State
from signing.keys import make_key
from signing.publishing import Signer
from tests.hub_server import ADMIN_TOKEN, RunningHub, running_hub
from tests.packages import write_tiny_package
from tests.statements import a_statement

STATES: tuple[State, ...] = get_args(State)
GENERATOR = "/api/v1/generators/centre-b/lesions-dcgan"
WHY = {"reason": "The training set held copies"}
MAY = """
draft          pending_review  centre
draft          withdrawn       centre administrator
draft          quarantined     administrator
pending_review draft           centre administrator
pending_review approved        administrator rules
pending_review withdrawn       centre administrator
pending_review quarantined     administrator
approved       deprecated      centre administrator
approved       withdrawn       centre administrator
approved       quarantined     administrator
deprecated     approved        centre administrator
deprecated     withdrawn       centre administrator
deprecated     quarantined     administrator
quarantined    pending_review  administrator
quarantined    approved        administrator
quarantined    withdrawn       centre administrator
"""


@dataclass(frozen=True)
class World:
    """A hub with two centres; centre-b publishes."""

    hub: RunningHub
    tokens: dict[str, str]
    folder: Path

    def published(self, name: str = "one", *, draft: bool = False) -> Package:
        package = write_tiny_package(self.folder / name, title=f"Tiny {name}")
        owner = self.hub.client(self.tokens["centre-b"])
        owner.publish(package, draft=draft)
        return package

    def ask(self, who: str, method: str, path: str, **content: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        url = f"{self.hub.url}{GENERATOR}{path}"
        return httpx.request(method, url, headers=headers, **content)  # type: ignore[arg-type]

    def change(self, who: str, state: str, *, version: int = 1, **more: Any) -> httpx.Response:
        body = {"state": state, **WHY, **more}
        return self.ask(who, "POST", f"/versions/{version}/state", json=body)


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    settings = getattr(request, "param", {})
    with running_hub(tmp_path / "hub", **settings) as hub:
        tokens = {name: hub.client().invite(name) for name in ("centre-a", "centre-b")}
        yield World(hub, {**tokens, "administrator": ADMIN_TOKEN}, tmp_path)


def operated(setting: str = "operator") -> pytest.MarkDecorator:
    return pytest.mark.parametrize("world", [{"approval": setting}], indirect=True)


def test_every_change_is_for_whom_the_table_says_and_there_is_no_other() -> None:
    rows = [line.split() for line in MAY.split("\n") if line]
    table = {(before, after): set(who) for before, after, *who in rows}
    named = {CENTRE: "centre", ADMINISTRATOR: "administrator", RULES: "rules"}

    allowed: dict[tuple[str, str], set[str]] = {}
    for before, after in product(STATES, STATES):
        for who in (CENTRE, ADMINISTRATOR, RULES):
            answer = _answer(before, after, who)
            if answer is None:
                allowed.setdefault((before, after), set()).add(named[who])
            else:
                assert answer == ("GS-1321" if (before, after) in CHANGES else "GS-1320")

    assert allowed == table


def _answer(before: State, after: State, who: Who) -> str | None:
    """Return the code with which a change is refused, None where it is not."""
    try:
        check_change(before, after, who)
    except GenshareError as refused:
        return refused.code
    return None


def test_what_is_published_is_approved_at_once_and_says_nothing_of_it(world: World) -> None:
    world.published()

    state = world.ask("centre-a", "GET", "/versions/1/state").json()
    assert (state["state"], state["history"]) == ("approved", [])
    assert "state" not in world.ask("centre-a", "GET", "/versions/1").json()


def test_a_withdrawn_version_answers_gone_with_reason_and_replacement(world: World) -> None:
    for name in ("one", "two"):
        world.published(name)
    other = {"centre": "centre-b", "name": "lesions-dcgan", "version": 2}
    answered = world.change("centre-b", "withdrawn", replacement=other)
    files = world.ask("centre-a", "GET", "/versions/1/files/card.json")
    latest = world.ask("centre-a", "GET", "/versions/latest")
    record = world.ask("centre-a", "GET", "/versions/1").json()

    assert answered.json()["state"] == "withdrawn"
    assert answered.json()["history"][0]["changed_by"] == "centre-b"
    assert (files.status_code, files.json()["code"]) == (410, "GS-1323")
    assert files.json()["detail"] == (
        "version 1 of centre-b/lesions-dcgan is withdrawn: The training set held copies; use "
        "version 2 of centre-b/lesions-dcgan instead"
    )
    assert latest.json()["version"] == 2
    assert GeneratorVersion.model_validate(record).state == "withdrawn"

    world.change("centre-b", "withdrawn", version=2)
    assert world.ask("centre-a", "GET", "/versions/latest").status_code == 410
    assert world.ask("centre-a", "GET", "/versions").status_code == 404
    assert len(world.ask("centre-a", "GET", "/versions?state=withdrawn").json()) == 2


def test_a_quarantined_version_is_kept_back_until_the_operator_releases_it(world: World) -> None:
    world.published()
    file = "/versions/1/files/card.json"

    assert world.change("centre-b", "quarantined").json()["code"] == "GS-1321"
    world.change("administrator", "quarantined")
    kept_back = world.ask("centre-b", "GET", file)
    assert (kept_back.status_code, kept_back.json()["code"]) == (403, "GS-1324")
    assert "The training set held copies" in kept_back.json()["detail"]
    assert world.ask("administrator", "GET", file).status_code == 200
    assert world.change("centre-b", "approved").json()["code"] == "GS-1321"
    assert world.change("administrator", "approved").status_code == 200
    assert world.ask("centre-a", "GET", file).status_code == 200


def test_a_deprecated_version_is_served_with_a_note(world: World) -> None:
    for name in ("one", "two"):
        world.published(name)
    other = {"centre": "centre-b", "name": "lesions-dcgan", "version": 2}
    world.change("centre-b", "deprecated", replacement=other)

    file = world.ask("centre-a", "GET", "/versions/1/files/card.json")
    assert file.status_code == 200
    assert file.headers["Deprecation"].startswith("@")
    assert file.links["successor-version"]["url"].endswith(f"{GENERATOR}/versions/2")
    assert "Deprecation" not in world.ask("centre-a", "GET", "/versions/2/files/card.json").headers
    listed = world.ask("centre-a", "GET", "/versions").json()
    assert [item.get("state", "approved") for item in listed] == ["approved", "deprecated"]


@pytest.mark.slow
@operated()
def test_what_pends_is_seen_by_its_centre_and_the_operator_alone(world: World) -> None:
    world.published()

    def answers(path: str) -> list[int]:
        callers = ("centre-b", "administrator", "centre-a")
        return [world.ask(who, "GET", path).status_code for who in callers]

    for path in ("/versions/1", "/versions/1/state", "/versions/1/files/card.json", "/versions"):
        assert answers(path) == [200, 200, 404], path
    assert answers("/versions/latest") == [404, 404, 404]
    counts = [
        len(list(world.hub.client(world.tokens[who]).generators()))
        for who in ("centre-b", "administrator", "centre-a")
    ]
    assert counts == [1, 1, 0]
    assert world.change("centre-b", "approved").json()["code"] == "GS-1321"
    assert world.change("centre-a", "withdrawn").status_code == 404
    assert world.change("administrator", "approved").status_code == 200
    assert answers("/versions/latest") == [200, 200, 200]


@operated("audit_passed")
def test_what_a_rule_waits_for_approves_as_it_comes(world: World) -> None:
    package = world.published()
    before = world.ask("centre-b", "GET", "/versions/1/state").json()["state"]
    statement = canonical_json(a_statement(subject=package.digest))
    path = "/versions/1/statements/audit"
    headers = {"Content-Type": "application/json"}
    headers["Authorization"] = f"Bearer {world.tokens['centre-b']}"
    url = f"{world.hub.url}{GENERATOR}{path}"
    httpx.put(url, content=statement, headers=headers).raise_for_status()
    after = world.ask("centre-a", "GET", "/versions/1/state").json()

    assert (before, after["state"]) == ("pending_review", "approved")
    assert [change["changed_by"] for change in after["history"]] == ["(rules)", "centre-b"]


@operated("signed")
def test_what_its_centre_signs_is_approved_where_that_is_the_rule(world: World) -> None:
    package = world.published()
    owner, key = world.hub.client(world.tokens["centre-b"]), make_key(world.folder / "key.pem")
    record = owner.version("centre-b", package.card.name, 1)
    before = owner.life_cycle.state_of(record).state

    Signer(key, owner).sign(record, None)

    assert (before, owner.life_cycle.state_of(record).state) == ("pending_review", "approved")
    assert world.ask("centre-a", "GET", "/versions/latest").status_code == 200


def test_a_draft_that_is_handed_in_is_approved_where_no_approval_is_asked_for(
    world: World,
) -> None:
    world.published(draft=True)
    hidden = world.ask("centre-a", "GET", "/versions/1").status_code
    handed_in = world.ask("centre-b", "POST", "/versions/1/state", json={"state": "pending_review"})

    assert hidden == 404
    assert handed_in.json()["state"] == "approved"
    assert world.ask("centre-a", "GET", "/versions/latest").status_code == 200


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"reason": None}, "without a reason"),
        ({"reason": "Patient id 7"}, "the reason is refused"),
        ({"replacement": ("lesions-dcgan", 1)}, "cannot replace itself"),
        ({"replacement": ("lesions-dcgan", 9)}, "is not there"),
    ],
)
def test_a_reason_is_plain_and_a_replacement_is_there(
    world: World, more: dict[str, Any], reason: str
) -> None:
    world.published()
    if isinstance(other := more.get("replacement"), tuple):
        more = {"replacement": {"centre": "centre-b", "name": other[0], "version": other[1]}}
    refused = world.change("centre-b", "withdrawn", **more)

    assert (refused.status_code, refused.json()["code"]) == (422, "GS-1322")
    assert reason in refused.json()["detail"]


def test_of_two_who_change_a_state_one_is_told_that_it_changed(world: World) -> None:
    world.published()
    etag = world.ask("centre-b", "GET", "/versions/1/state").headers["ETag"]
    headers = {"Authorization": f"Bearer {world.tokens['centre-b']}", "If-Match": etag}
    url = f"{world.hub.url}{GENERATOR}/versions/1/state"
    body = {"state": "deprecated", **WHY}

    assert httpx.post(url, json=body, headers=headers).status_code == 200
    assert httpx.post(url, json=body, headers=headers).status_code == 412


def test_a_client_is_told_of_a_withdrawal_in_one_sentence(world: World) -> None:
    world.published()
    reader = world.hub.client(world.tokens["centre-a"])
    record = reader.version("centre-b", "lesions-dcgan", None)
    world.change("centre-b", "withdrawn")

    with pytest.raises(HubRefusedError, match=r"GS-1323\): version 1 .* held copies"):
        reader.fetch(record, world.folder / "fetched")


def test_a_rule_that_there_is_not_stops_the_start() -> None:
    with pytest.raises(CannotServeError, match="'vetted'; it takes none, operator, or with commas"):
        approval_of("audit_passed, vetted")


@operated("signed, audit_passed")
def test_what_is_signed_and_audited_is_approved_without_the_operator(world: World) -> None:
    owner = world.hub.client(world.tokens["centre-b"])
    package = write_tiny_package(world.folder / "one")
    statement = a_statement(subject=package.digest)
    published = owner.publish(package)
    stated = owner.state(published, statement)
    Signer(make_key(world.folder / "key.pem"), owner).sign(stated, statement)

    assert (published.state, stated.state) == ("pending_review", "pending_review")
    assert owner.version("centre-b", "lesions-dcgan", None).state == "approved"
