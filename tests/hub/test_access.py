"""Every route, asked by everyone who may and may not."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from hub.main import create_app
from hub.settings import Settings
from shared.access import SHOWN_TO_ANYONE, GuardedRoute, guard, open_to_anyone, routes_of
from shared.errors import CannotServeError, HubRefusedError
from shared.packages import Package, canonical_json
from shared.records import NewKey
from shared.serving import read_settings
from signing.keys import make_key
from signing.publishing import Signer
from signing.receipts import sign_receipt
from signing.withdrawals import sign_withdrawal
from tests.hub_server import ADMIN_TOKEN, OPERATOR, RunningHub, read_answer, running_hub
from tests.packages import A_PICTURE, write_tiny_package
from tests.receipts import a_receipt
from tests.statements import a_statement
from tests.withdrawals import a_withdrawal

API = "/api/v1"
VERSIONS = API + "/generators/{centre}/{name}/versions"
ALIASES = API + "/generators/{centre}/{name}/aliases"


@dataclass(frozen=True)
class Asked:
    """What the owner of a resource, another centre and the administrator are answered."""

    own: int
    foreign: int
    administrator: int
    body: str = ""


ROUTES: Mapping[tuple[str, str], Asked] = {
    ("GET", API + "/centres"): Asked(200, 200, 200),
    ("GET", API + "/centres/me"): Asked(200, 200, 200),
    ("POST", API + "/centres"): Asked(403, 403, 201, "invitation"),
    ("POST", API + "/blobs/missing"): Asked(200, 200, 200, "digests"),
    ("PUT", API + "/blobs/{digest}"): Asked(201, 201, 201, "weights"),
    ("HEAD", API + "/blobs/{digest}"): Asked(200, 200, 200),
    ("POST", VERSIONS): Asked(200, 403, 403, "manifest"),
    ("GET", API + "/generators"): Asked(200, 200, 200),
    ("GET", VERSIONS): Asked(200, 200, 200),
    ("GET", VERSIONS + "/{version}"): Asked(200, 200, 200),
    ("GET", VERSIONS + "/{version}/files/{file}"): Asked(200, 200, 200),
    ("HEAD", VERSIONS + "/{version}/files/{file}"): Asked(200, 200, 200),
    ("PUT", VERSIONS + "/{version}/statements/audit"): Asked(200, 403, 403, "statement"),
    ("GET", VERSIONS + "/{version}/statements/audit"): Asked(200, 200, 200),
    ("POST", API + "/join"): Asked(403, 403, 403, "key"),
    ("PUT", API + "/centres/{centre}/key"): Asked(200, 403, 403, "key"),
    ("GET", API + "/centres/{centre}/keys"): Asked(200, 200, 200),
    ("PUT", API + "/centres/{centre}/status"): Asked(200, 403, 403, "status"),
    ("GET", API + "/centres/{centre}/status"): Asked(200, 200, 200),
    ("PUT", VERSIONS + "/{version}/signature"): Asked(200, 403, 403, "package signature"),
    ("GET", VERSIONS + "/{version}/signature"): Asked(200, 200, 200),
    ("PUT", VERSIONS + "/{version}/statements/audit/signature"): Asked(
        200, 403, 403, "audit signature"
    ),
    ("GET", VERSIONS + "/{version}/statements/audit/signature"): Asked(200, 200, 200),
    ("PUT", VERSIONS + "/{version}/withdrawal"): Asked(422, 403, 403, "withdrawal"),
    ("GET", VERSIONS + "/{version}/withdrawal"): Asked(404, 404, 404),  # it is not withdrawn
    ("PUT", VERSIONS + "/{version}/receipts/{receiver}"): Asked(403, 200, 403, "receipt"),
    ("GET", VERSIONS + "/{version}/receipts/{receiver}"): Asked(200, 200, 200),
    ("GET", VERSIONS + "/{version}/receipts"): Asked(200, 200, 200),
    ("GET", API + "/receipts"): Asked(200, 200, 200),
    ("GET", "/metrics"): Asked(403, 403, 200),
    ("GET", VERSIONS + "/{version}/state"): Asked(200, 200, 200),
    ("POST", VERSIONS + "/{version}/state"): Asked(200, 403, 409, "deprecation"),
    ("GET", API + "/generators/{centre}/{name}/states"): Asked(200, 200, 200),
    ("GET", ALIASES): Asked(200, 200, 200),
    ("GET", ALIASES + "/{alias}"): Asked(200, 200, 200),
    ("PUT", ALIASES + "/{alias}"): Asked(428, 403, 403, "target"),
    ("GET", API + "/log"): Asked(403, 403, 200),
    ("GET", API + "/centres/{centre}/fetches"): Asked(200, 403, 200),
    ("GET", API + "/log/head"): Asked(200, 200, 200),
    ("GET", API + "/log/entries/{number}/digest"): Asked(200, 200, 200),
    ("GET", API + "/events"): Asked(200, 200, 200),
    ("DELETE", API + "/centres/{centre}"): Asked(403, 403, 204),  # last: it removes the owner
}
OPEN_ROUTES = {("GET", f"{API}/{path}") for path in ("healthz", "readyz", "version")}
SEEN = "/generators/{centre}/{name}"


@dataclass(frozen=True)
class Seen:
    """What a page answers one who logged in to read, and the operator; nobody else sees it."""

    reader: int
    operator: int


PAGES: Mapping[tuple[str, str], Seen] = {
    ("GET", "/"): Seen(303, 303),
    ("GET", "/generators"): Seen(200, 200),
    ("GET", SEEN): Seen(303, 303),
    ("GET", SEEN + "/{version}"): Seen(200, 200),
    ("GET", SEEN + "/{version}/samples.png"): Seen(200, 200),
    ("GET", "/centres"): Seen(200, 200),
    ("GET", "/receipts"): Seen(200, 200),
    ("GET", "/reviews"): Seen(403, 200),
    ("GET", "/log"): Seen(403, 200),
    ("POST", SEEN + "/{version}/state"): Seen(403, 422),  # for what it becomes is not said
    ("POST", "/logout"): Seen(303, 303),  # last: it ends the session
}
OPEN_PAGES = {("GET", "/login"), ("POST", "/login"), ("GET", "/static/{name}")}


@dataclass(frozen=True)
class World:
    hub: RunningHub
    package: Package
    tokens: Mapping[str, str]
    signed: Mapping[str, bytes]

    def ask(self, method: str, path: str, body: str, token: str | None) -> httpx.Response:
        weights = self.package.card.weights[0]
        content = {
            "": None,
            "invitation": b'{"name": "centre-new"}',
            "digests": b'{"digests": []}',
            "weights": (self.package.folder / weights.name).read_bytes(),
            "manifest": canonical_json(self.package.manifest),
            "target": b'{"version": 1}',
            "deprecation": b'{"state": "deprecated", "reason": "There is a better one"}',
            "statement": canonical_json(a_statement(subject=self.package.digest)),
            **self.signed,
        }[body]
        url = self.hub.url + path.format(
            centre="centre-b",
            name="lesions-dcgan",
            version="1",
            alias="stable",
            receiver="centre-a",
            file=weights.name,
            digest=weights.sha256,
            number=1,
        )
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.request(method, url, content=content, headers=headers)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running_hub(tmp_path / "hub") as hub:
        tokens = {name: hub.client().invite(name) for name in ("centre-a", "centre-b")}
        package = write_tiny_package(tmp_path / "package", samples=A_PICTURE)
        owner = hub.client(tokens["centre-b"])
        statement = a_statement(subject=package.digest)
        record = owner.state(owner.publish(package), statement)
        owner.life_cycle.point_alias("centre-b", "lesions-dcgan", "stable", 1)
        key = make_key(tmp_path / "key.pem")
        Signer(key, owner).sign(record, statement)
        receiver, own = hub.client(tokens["centre-a"]), make_key(tmp_path / "receiver.pem")
        Signer(own, receiver).introduce("centre-a")
        receipt = sign_receipt(own, a_receipt(record), record.manifest)
        receiver.receipts.put(record, "centre-a", receipt)
        signed = {
            "receipt": receipt,
            "key": NewKey(public_key=key.public.pem).model_dump_json().encode(),
            "status": owner.signing.status("centre-b") or b"",
            "package signature": owner.signing.package_signature(record) or b"",
            "withdrawal": sign_withdrawal(key, a_withdrawal(record), record.manifest),
            "audit signature": owner.signing.audit_signature(record) or b"",
        }
        yield World(hub, package, tokens, signed)


def test_every_route_answers_each_role_as_the_table_says(world: World) -> None:
    answered = {}
    for (method, path), asked in ROUTES.items():
        for who, token, expected in (
            ("none", None, 401),
            ("wrong", "gsc_wrong", 401),
            ("own", world.tokens["centre-b"], asked.own),
            ("foreign", world.tokens["centre-a"], asked.foreign),
            ("administrator", ADMIN_TOKEN, asked.administrator),
        ):
            found = world.ask(method, path, asked.body, token).status_code
            answered[method, path, who, expected] = found
    for method, path in OPEN_ROUTES:
        answered[method, path, "none", 200] = world.ask(method, path, "", None).status_code

    assert {key: found for key, found in answered.items() if found != key[-1]} == {}


def test_every_page_answers_each_login_as_the_table_says(world: World) -> None:
    browsers = {
        "none": world.hub.browser(None),
        "bearer": world.hub.browser(None),
        "reader": world.hub.browser("centre-a"),
        "operator": world.hub.browser(OPERATOR),
    }
    browsers["bearer"].headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"
    answered = {}
    for (method, path), seen in PAGES.items():
        url = path.format(centre="centre-b", name="lesions-dcgan", version="1")
        for who, browser in browsers.items():
            expected = {"reader": seen.reader, "operator": seen.operator}.get(who, 401)
            answered[method, path, who, expected] = browser.request(method, url).status_code

    assert {key: found for key, found in answered.items() if found != key[-1]} == {}


def test_a_session_opens_no_route_of_the_api(world: World) -> None:
    browser = world.hub.browser(OPERATOR)

    assert browser.get("/generators").status_code == 200
    assert browser.get(API + "/generators").status_code == 401


def test_who_reads_for_a_centre_is_out_when_it_is_removed(world: World) -> None:
    browser = world.hub.browser("centre-a")
    before = browser.get("/generators").status_code

    authorized = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    httpx.delete(f"{world.hub.url}{API}/centres/centre-a", headers=authorized)

    assert (before, browser.get("/generators").status_code) == (200, 401)


def test_the_table_has_every_route_of_the_hub(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path))
    routes = {
        (method, path.replace("{name}", "{centre}") if "/centres/" in path else path)
        for path, route in routes_of(app)
        for method in getattr(route, "methods", ())
        if path not in SHOWN_TO_ANYONE
    }

    assert routes == set(ROUTES) | OPEN_ROUTES | set(PAGES) | OPEN_PAGES


def test_a_route_that_does_not_say_who_may_call_it_cannot_be_made() -> None:
    router = APIRouter(route_class=GuardedRoute)

    with pytest.raises(TypeError, match="/data must either require roles or be open to anyone"):
        router.get("/data")(lambda: {"some": "data"})
    router.get("/hello", dependencies=[open_to_anyone()])(lambda: {"some": "data"})


def test_an_app_with_a_route_that_nothing_guards_does_not_start() -> None:
    app, router = FastAPI(), APIRouter()
    router.get("/data")(lambda: {"some": "data"})
    app.include_router(router, prefix="/api")

    with pytest.raises(TypeError, match="nothing guards /api/data"):
        guard(app, lambda _call: pytest.fail("nobody asked"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"/blobs/{'0' * 64}"),
        ("POST", "/blobs/missing"),
        ("POST", "/centres"),
        ("POST", "/generators/centre-b/lesions-dcgan/versions"),
    ],
)
def test_a_wrong_token_is_refused_before_the_body_comes(
    world: World, method: str, path: str
) -> None:
    address = httpx.URL(world.hub.url)
    head = (
        f"{method} {API}{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer gsc_wrong\r\n"
        "Content-Type: application/json\r\nContent-Length: 3000000000\r\n\r\n"
    )
    with socket.create_connection((address.host, address.port or 0), timeout=60) as connection:
        connection.sendall(head.encode())
        answer = read_answer(connection)

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in answer.lower()


def test_a_removed_centre_is_out_at_once_and_what_it_published_stays(world: World) -> None:
    with httpx.Client(
        base_url=world.hub.url + API, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}
    ) as http:
        removed = http.delete("/centres/centre-b")
        again = http.delete("/centres/centre-b")
        centres = {item["name"]: item for item in http.get("/centres").json()}
    owner = world.hub.client(world.tokens["centre-b"])

    assert (removed.status_code, again.status_code) == (204, 404)
    assert again.json()["code"] == "GS-1005"
    assert [centres[name]["removed_at"] is None for name in sorted(centres)] == [True, False]
    with pytest.raises(HubRefusedError, match="GS-1001"):
        list(owner.generators())
    others = world.hub.client(world.tokens["centre-a"])
    assert [item.centre for item in others.generators()] == ["centre-b"]
    with pytest.raises(HubRefusedError, match="GS-1003"):
        world.hub.client().invite("centre-b")
    assert list(world.hub.invited("centre-b").generators()) == list(others.generators())


def test_a_short_administrators_token_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HUB_ADMIN_TOKEN", "fifteen-letters")

    with pytest.raises(CannotServeError) as refused:
        read_settings(Settings)

    assert "HUB_ADMIN_TOKEN" in str(refused.value)
    assert "at least 16" in str(refused.value)
    assert "fifteen" not in str(refused.value)


def test_after_many_wrong_tokens_only_those_that_nobody_can_guess_are_looked_at(
    tmp_path: Path,
) -> None:
    with running_hub(tmp_path, wrong_tokens_per_minute=3) as hub:
        token = hub.client().invite("centre-a")
        asked = [httpx.Headers({"Authorization": f"Bearer {wrong}"}) for wrong in "abcd"]
        answers = [httpx.get(f"{hub.url}{API}/centres", headers=headers) for headers in asked]

        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert answers[-1].json()["code"] == "GS-2205"
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 20
        with pytest.raises(HubRefusedError, match="GS-2205"):
            hub.client().invite("centre-b")
        assert list(hub.client(token).generators()) == []


def test_a_centre_that_asks_too_often_waits_and_others_do_not(tmp_path: Path) -> None:
    with running_hub(tmp_path, requests_per_minute=5) as hub:
        tokens = [hub.client().invite(name) for name in ("centre-a", "centre-b")]
        first, second = ({"Authorization": f"Bearer {token}"} for token in tokens)
        url = f"{hub.url}{API}/centres"
        answers = [httpx.get(url, headers=first) for _ in range(6)]

        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert answers[-1].json()["code"] == "GS-2204"
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 12
        assert httpx.get(url, headers=second).status_code == 200
