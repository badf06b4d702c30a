"""What a hostile centre sends is refused at once, with a reason, and costs the hub nothing."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import hub.registry.inspections
from shared.errors import HubRefusedError
from shared.packages import Package, canonical_json, sha256_of
from shared.weights import inspect_weights
from tests.hub_server import RunningHub, running_hub
from tests.packages import TINY, tiny_contents, write_tiny_ensemble

VERSIONS = "/api/v1/generators/centre-b/lesions-dcgan/versions"
MISSING = "/api/v1/blobs/missing"
JSON = {"Content-Type": "application/json"}
EMPTY_FILES = b'{"files":[' + b"{}," * 330_000 + b"{}]}"
ZEROS = b'{"digests":[' + b"0," * 490_000 + b"0]}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A hub that many tests share, since what it refuses changes nothing in it."""
    with running_hub(tmp_path_factory.mktemp("hub") / "data") as one:
        yield one


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub") as one:
        yield one


def _http(running: RunningHub, centre: str = "centre-b") -> httpx.Client:
    token = running.client().invite(centre, renew=True)
    return httpx.Client(
        base_url=running.url, headers={"Authorization": f"Bearer {token}"}, timeout=60
    )


@pytest.mark.parametrize(
    ("path", "content", "sentence"),
    [
        (VERSIONS, EMPTY_FILES, "body: it has 660003 entries, 10000 are allowed"),
        (MISSING, ZEROS, "body: it has 490002 entries, 10000 are allowed"),
        (MISSING, b'{"digests":[' + b"0," * 9000 + b"0]}", "body.digests.0: must be a text"),
        (VERSIONS, b'{"files":[' + b"{}," * 4000 + b"{}]}", "body.files.0.name: is missing"),
        (
            VERSIONS,
            b'{"files":[{"name":"a","size_bytes":' + b"9" * 4300 + b"}]}",
            "body: a number in it has 4300 digits, 40 are allowed",
        ),
        (MISSING, b"[" * 9000, "body: it is nested deeper than the 20 levels allowed"),
        (MISSING, b'{"digests":[],"digests":[]}', "body: an object of it has the same key twice"),
        (MISSING, b'{"digests":[],"x":NaN}', "body: NaN is no JSON; write null"),
        (MISSING, b'{"digests":["\xff"]}', "body: it is not in UTF-8"),
        (
            VERSIONS,
            b'{"files":[{"name":"a","size_bytes":"5","sha256":"' + b"0" * 64 + b'"}]}',
            "body.files.0.size_bytes: must be a whole number",
        ),
        (
            VERSIONS,
            b'{"files":[{"name":"a","size_bytes":1e300,"sha256":"' + b"0" * 64 + b'"}]}',
            "body.files.0.size_bytes: must be a whole number",
        ),
        (
            VERSIONS,
            b'{"files":[{"name":"a","size_bytes":9007199254740992,"sha256":"' + b"0" * 64 + b'"}]}',
            "body.files.0.size_bytes: must be 9007199254740991 or less",
        ),
    ],
)
def test_a_body_that_is_large_deep_or_ambiguous_is_refused_with_its_reason(
    running: RunningHub, path: str, content: bytes, sentence: str
) -> None:
    with _http(running) as http:
        answer = http.post(path, content=content, headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (422, "GS-0002")
    assert answer.json()["detail"].startswith(sentence)


@pytest.mark.parametrize("count", [515, 2000])
def test_more_files_than_a_package_has_are_refused_by_their_number(
    running: RunningHub, count: int
) -> None:
    files = [
        {"name": f"f{number}", "size_bytes": 1, "sha256": f"{number:064d}"}
        for number in range(count)
    ]

    with _http(running) as http:
        answer = http.post(VERSIONS, json={"files": files})

    assert answer.status_code == 422
    assert "body.files: must have at most 514 entries" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("token", "path", "status", "code"),
    [
        ("gsc_wrong", VERSIONS, 401, "GS-1001"),
        ("gsc_wrong", MISSING, 401, "GS-1001"),
        (None, VERSIONS.replace("centre-b", "centre-x"), 403, "GS-1002"),
    ],
)
def test_caller_and_centre_are_checked_before_a_body_is_looked_at(
    running: RunningHub, token: str | None, path: str, status: int, code: str
) -> None:
    with _http(running) as http:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = http.post(path, content=b"no JSON", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_every_body_is_described_by_parts_that_the_description_has(
    running: RunningHub,
) -> None:
    text = httpx.get(f"{running.url}/openapi.json").text
    components = json.loads(text)["components"]["schemas"]

    referred = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}

    assert {"ManifestFile", "ModelCard"} <= referred <= set(components)
    body = json.loads(text)["paths"]["/api/v1/generators/{centre}/{name}/versions"]["post"]
    assert body["requestBody"]["content"]["application/json"]["schema"]["title"] == "Manifest"


def _put(http: httpx.Client, content: bytes, digest: str) -> None:
    assert http.put(f"/api/v1/blobs/{digest}", content=content).status_code == 201


def _published_as_it_is(
    http: httpx.Client, package: Package, change: Callable[[dict[str, Any]], object]
) -> httpx.Response:
    """Send a package with a changed manifest, past all checks of the client."""
    for path in package.folder.iterdir():
        _put(http, path.read_bytes(), sha256_of(path))
    document = json.loads(canonical_json(package.manifest))
    change(document)
    return http.post(VERSIONS, json=document)


def test_the_same_file_under_many_names_is_refused(running: RunningHub, tmp_path: Path) -> None:
    package = write_tiny_ensemble(tmp_path, tiny_contents(1))

    with _http(running) as http:
        answer = _published_as_it_is(
            http,
            package,
            lambda document: document["files"].append(document["files"][1] | {"name": "again"}),
        )

    assert (answer.status_code, answer.json()["code"]) == (422, "GS-2003")
    assert answer.json()["detail"].startswith("weights.safetensors and again are the same file;")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace('"Tiny"', '"born 1961-03-07"'), "the card's title is refused"),
        (lambda text: '{"title":"Anna",' + text[1:], "an object of it has the same key twice"),
        (lambda text: text + " " * 900, "is not written as genshare writes a card"),
        (lambda text: '{"patient":"Anna",' + text[1:], "card.json: patient: there is no such"),
    ],
)
def test_a_card_that_carries_more_than_a_card_is_refused(
    running: RunningHub,
    tmp_path: Path,
    change: Callable[[str], str],
    sentence: str,
) -> None:
    package = write_tiny_ensemble(tmp_path, tiny_contents(1))
    path = package.folder / "card.json"
    path.write_text(change(path.read_text()))
    card = {"sha256": sha256_of(path), "size_bytes": path.stat().st_size}

    with _http(running) as http:
        answer = _published_as_it_is(
            http, package, lambda document: document["files"][0].update(card)
        )

    assert (answer.status_code, answer.json()["code"]) == (422, "GS-2012")
    assert sentence in answer.json()["detail"]
    assert "Anna" not in answer.text
    assert "1961" not in answer.text


def test_a_file_is_inspected_once_for_all_versions_that_have_it(
    fresh: RunningHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspected: list[tuple[str, str]] = []

    def watch(path: Path, *arguments: Any) -> None:
        inspected.append((path.name, threading.current_thread().name))
        inspect_weights(path, *arguments)

    monkeypatch.setattr(hub.registry.inspections, "inspect_weights", watch)
    client = fresh.invited("centre-b")
    contents = tiny_contents(3)

    first = client.publish(write_tiny_ensemble(tmp_path / "one", contents))
    again = client.publish(write_tiny_ensemble(tmp_path / "two", contents, title="Other"))
    more = client.publish(write_tiny_ensemble(tmp_path / "three", tiny_contents(4)))

    assert [record.version for record in (first, again, more)] == [1, 2, 3]
    digests = {file.sha256 for record in (first, more) for file in record.card.weights}
    assert sorted(name for name, _ in inspected) == sorted(digests)
    assert all(thread.startswith("AnyIO worker") for _, thread in inspected)


def test_a_file_that_passed_for_one_architecture_is_inspected_for_another(
    fresh: RunningHub, tmp_path: Path
) -> None:
    client = fresh.invited("centre-b")
    client.publish(write_tiny_ensemble(tmp_path / "one", tiny_contents(1)))
    wider = TINY.model_copy(update={"width": 8})

    with pytest.raises(HubRefusedError, match="but the architecture says"):
        client.publish(write_tiny_ensemble(tmp_path / "two", tiny_contents(1), architecture=wider))
