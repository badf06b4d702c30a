"""A hub whose disk is full reads on, and says what it cannot do."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from shared.serving import check_writable
from tests.hub_server import ADMIN_TOKEN, RunningHub, running_hub
from tests.packages import write_tiny_package
from tests.small_disk import small_disk

API = "/api/v1"
LOST = hashlib.sha256(b"lost").hexdigest()


@contextmanager
def _full(disk: Path) -> Iterator[None]:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


def _as(token: str, hub: RunningHub) -> httpx.Client:
    return httpx.Client(
        base_url=hub.url + API, headers={"Authorization": f"Bearer {token}"}, timeout=20
    )


@pytest.mark.parametrize("started_full", [True, False])
def test_a_hub_with_a_full_disk_serves_reading_and_says_507_to_writing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, started_full: bool
) -> None:
    package = write_tiny_package(tmp_path / "package")
    other = write_tiny_package(tmp_path / "other", title="Other")
    with small_disk(tmp_path / "disk", kib=1024) as disk:
        with running_hub(disk, reserve_bytes=0) as hub:
            token = hub.client().invite("centre-b")
            hub.client(token).publish(package)
            with _as(token, hub) as http:
                for file in other.manifest.files:
                    content = (other.folder / file.name).read_bytes()
                    http.put(f"/blobs/{file.sha256}", content=content).raise_for_status()
                http.put(f"/blobs/{LOST}", content=b"lost").raise_for_status()
            if not started_full:
                with _full(disk):
                    _check_reading_only(hub, token, tmp_path, package.digest)
                assert httpx.get(f"{hub.url}{API}/readyz").status_code == 200
                assert hub.client(token).publish(other).version == 2
        if started_full:
            (disk / "blobs" / LOST[:2] / LOST).unlink()  # its note stays: it cannot be removed
            with _full(disk):
                check_writable(disk)
                with running_hub(disk, reserve_bytes=0) as hub:
                    _check_reading_only(hub, token, tmp_path, package.digest)

    assert "Traceback" not in caplog.text
    assert "unexpected" not in caplog.text


def _check_reading_only(hub: RunningHub, token: str, folder: Path, digest: str) -> None:
    client = hub.client(token)
    (record,) = client.generators()
    assert client.fetch(record, folder / "in").digest == digest
    with _as(token, hub) as http:
        ready, alive = http.get("/readyz"), http.get("/healthz")
        content = bytes(8192)
        upload = http.put(f"/blobs/{hashlib.sha256(content).hexdigest()}", content=content)
        manifest = (folder / "other" / "package" / "manifest.json").read_bytes()
        published = http.post(
            "/generators/centre-b/lesions-dcgan/versions",
            content=manifest,
            headers={"Content-Type": "application/json"},
        )
    with _as(ADMIN_TOKEN, hub) as http:
        enrolled = http.post("/centres", json={"name": "centre-c"})

    assert alive.status_code == 200
    assert (ready.status_code, ready.json()["code"]) == (503, "GS-2207")
    assert (upload.status_code, upload.json()["code"]) == (507, "GS-1203")
    for answer in (published, enrolled):
        assert (answer.status_code, answer.json()["code"]) == (507, "GS-2206"), answer.text


def test_uploads_leave_a_reserve_on_the_disk(tmp_path: Path) -> None:
    with running_hub(tmp_path, reserve_bytes=1 << 60) as hub:
        with _as(hub.client().invite("centre-b"), hub) as http:
            answer = http.put(f"/blobs/{hashlib.sha256(b'x').hexdigest()}", content=b"x")
        ready = httpx.get(f"{hub.url}{API}/readyz")

    assert (answer.status_code, answer.json()["code"]) == (507, "GS-1203")
    assert (ready.status_code, ready.json()["code"]) == (503, "GS-2207")
