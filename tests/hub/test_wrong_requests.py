"""No wrong request gets anything but a problem, whatever it gets wrong."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.hub_server import RunningHub, running_hub
from tests.packages import write_tiny_package
from tests.waiting import wait_for
from tests.wrong_requests import faults, wrong_requests

GENERATOR = "/api/v1/generators/centre-b/lesions-dcgan/versions"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("hub") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def http(hub: RunningHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    token = hub.client().invite("centre-b")
    hub.client(token).publish(write_tiny_package(tmp_path_factory.mktemp("package")))
    with httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {token}"}) as http:
        yield http


@pytest.mark.slow
def test_every_route_answers_garbage_with_a_problem(hub: RunningHub, http: httpx.Client) -> None:
    card = http.get(f"{GENERATOR}/1").json()["card"]
    known = {
        "centre": "centre-b",
        "name": "lesions-dcgan",
        "version": "1",
        "file": "weights.safetensors",
        "digest": card["weights"][0]["sha256"],
        "receiver": "centre-b",
        "alias": "stable",
        "number": "1",
    }
    asked = list(wrong_requests(http.get("/openapi.json").json(), known))

    found = {
        f"{wrong.method} {wrong.path[:80]} {wrong.headers} {(wrong.content or b'')[:40]!r}": wrongs
        for wrong in asked
        if (wrongs := faults(wrong.send(http), str(hub.data_dir)))
    }

    assert found == {}
    assert len(asked) > 500


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/api/v1/generators?archtecture=dcgan", 422, "query.archtecture: there is no such"),
        ("DELETE", "/api/v1/centres", 405, "this path answers to GET, HEAD, POST only"),
        ("POST", "/api/v1/centres", 403, "centre-b cannot enrol centres; the administrator can"),
        ("POST", f"{GENERATOR[:-9]}/versions/1", 405, "this path answers to GET, HEAD only"),
        ("GET", "/nowhere", 404, "GET /nowhere: there is nothing at this path"),
    ],
)
def test_what_is_wrong_is_said(
    http: httpx.Client, method: str, path: str, status: int, said: str
) -> None:
    answer = http.request(method, path, json={"name": "centre-x"} if method == "POST" else None)

    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_a_body_that_is_no_json_is_told_by_its_type_and_place(http: httpx.Client) -> None:
    form = http.post("/api/v1/blobs/missing", data={"digests": "x"})
    broken = http.post(
        "/api/v1/blobs/missing",
        content=b'{"digests": [}',
        headers={"Content-Type": "application/json"},
    )

    assert (form.status_code, form.json()["code"]) == (415, "GS-0004")
    assert "sent as application/x-www-form-urlencoded" in form.json()["detail"]
    assert broken.status_code == 422
    assert broken.json()["detail"] == "body: no JSON, from character 13 on"


def test_of_many_missing_files_some_are_named(http: httpx.Client) -> None:
    files = [{"name": f"f{number}", "size_bytes": 1, "sha256": "0" * 64} for number in range(200)]

    answer = http.post(GENERATOR, json={"files": files})

    assert answer.status_code == 409
    assert answer.json()["detail"].endswith("f8, f9 and 190 more")


def test_an_upload_that_stops_half_way_leaves_nothing_and_is_no_error_of_the_hub(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    incoming = tmp_path / "blobs" / "incoming"
    with running_hub(tmp_path) as hub:
        token, address = hub.client().invite("centre-b"), httpx.URL(hub.url)
        head = (
            f"PUT /api/v1/blobs/{'0' * 64} HTTP/1.1\r\nHost: hub\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: 1000\r\n\r\n"
        )
        with socket.create_connection((address.host, address.port or 0)) as connection:
            connection.sendall(head.encode() + b"x" * 500)
            wait_for(lambda: list(incoming.iterdir()))
    # The hub has stopped, and so has done all that it does about a request.

    assert list(incoming.iterdir()) == []
    assert "unexpected" not in caplog.text
