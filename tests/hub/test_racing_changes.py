"""Of two who change at once what both have seen as it was, one is refused."""

import asyncio
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fastapi import Request

import hub.registry.routes
import shared.json_bodies
from shared.packages import canonical_json
from shared.preconditions import check_conditions
from tests.hub_server import ADMIN_TOKEN, RunningHub, running_hub
from tests.packages import write_tiny_package

VERSIONS = "/api/v1/generators/centre-b/lesions-dcgan/versions"
FILE = f"/api/v1/blobs/{hashlib.sha256(b'new').hexdigest()}"
CENTRES = "/api/v1/centres"


@pytest.fixture
def both_look_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no request with conditions go on before another one has seen the same state."""
    both = asyncio.Barrier(2)

    async def look_together(request: Request) -> None:
        await check_conditions(request)
        if {"if-match", "if-none-match"} & set(request.headers):
            await both.wait()

    monkeypatch.setattr(hub.registry.routes, "check_conditions", look_together)
    monkeypatch.setattr(shared.json_bodies, "check_conditions", look_together)


def _statuses(
    running: RunningHub, token: str, method: str, path: str, bodies: list[bytes], **condition: str
) -> list[int]:
    """Return what two are answered who send the bodies at once."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        **{name.replace("_", "-"): value for name, value in condition.items()},
    }

    def send(body: bytes) -> int:
        url = running.url + path
        return httpx.request(method, url, content=body, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(send, bodies))


@pytest.mark.usefixtures("both_look_first")
def test_of_two_first_versions_of_a_generator_one_is_refused(tmp_path: Path) -> None:
    packages = [write_tiny_package(tmp_path / title, title=title) for title in ("one", "two")]
    with running_hub(tmp_path / "hub") as running:
        token = running.client().invite("centre-b")
        with httpx.Client(
            base_url=running.url, headers={"Authorization": f"Bearer {token}"}
        ) as http:
            for package in packages:
                for file in package.manifest.files:
                    content = (package.folder / file.name).read_bytes()
                    http.put(f"/api/v1/blobs/{file.sha256}", content=content).raise_for_status()
        bodies = [canonical_json(package.manifest) for package in packages]

        statuses = _statuses(running, token, "POST", VERSIONS, bodies, If_None_Match="*")

    assert statuses == [201, 412]


@pytest.mark.usefixtures("both_look_first")
def test_of_two_uploads_that_must_be_the_first_one_is_refused(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as running:
        statuses = _statuses(running, ADMIN_TOKEN, "PUT", FILE, [b"new"] * 2, If_None_Match="*")

    assert statuses == [201, 412]


@pytest.mark.usefixtures("both_look_first")
def test_of_two_who_enrol_beside_the_same_centres_one_is_refused(tmp_path: Path) -> None:
    bodies = [json.dumps({"name": name}).encode() for name in ("centre-c", "centre-d")]
    with running_hub(tmp_path / "hub") as running:
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        etag = httpx.get(running.url + CENTRES, headers=headers).headers["ETag"]

        statuses = _statuses(running, ADMIN_TOKEN, "POST", CENTRES, bodies, If_Match=etag)

    assert statuses == [201, 412]
