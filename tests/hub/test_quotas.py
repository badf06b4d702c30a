"""How much a centre may store, publish and send."""

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hub.errors import QuotaUsedUpError
from hub.registry.quotas import Quotas, Usage
from hub.registry.stored_files import StoredFiles
from shared.errors import CannotServeError, HubRefusedError
from tests.hub_server import RunningHub, database_of, read_answer, running_hub
from tests.packages import write_tiny_package


def _put(hub: RunningHub, token: str, content: bytes) -> httpx.Response:
    return httpx.put(
        f"{hub.url}/api/v1/blobs/{hashlib.sha256(content).hexdigest()}",
        content=content,
        headers={"Authorization": f"Bearer {token}"},
    )


def _answer_to_head(hub: RunningHub, token: str, size: int) -> bytes:
    """Return what comes when an upload is declared and never sent."""
    address = httpx.URL(hub.url)
    head = (
        f"PUT /api/v1/blobs/{'0' * 64} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {size}\r\n\r\n"
    )
    with socket.create_connection((address.host, address.port or 0), timeout=60) as connection:
        connection.sendall(head.encode())
        return read_answer(connection)


def test_what_comes_in_counts_and_what_breaks_off_does_not() -> None:
    quotas = Quotas(Usage(100, 3), lambda _: Usage(50, 1))

    with quotas.upload("a", 30):
        with pytest.raises(QuotaUsedUpError, match="would have 101 bytes"), quotas.upload("a", 21):
            pytest.fail("there is no room for it")
        with quotas.upload("a", 0) as drip:
            drip.grow_to(20)
            with pytest.raises(QuotaUsedUpError):
                drip.grow_to(21)
            with pytest.raises(QuotaUsedUpError, match="3 files"), quotas.upload("a", 0):
                pytest.fail("there is no room for one more")
        with quotas.upload("a", 20):
            pass


def test_who_keeps_a_file_looks_at_what_is_stored_by_then(tmp_path: Path) -> None:
    files = StoredFiles(database_of(tmp_path))
    most = Usage(10, 9)
    put_in_place: list[bool] = []
    files.add("1" * 64, "a", 8, most, put_in_place=put_in_place.append)

    with pytest.raises(QuotaUsedUpError, match="would have 11 bytes"):
        files.add("2" * 64, "a", 3, most, put_in_place=put_in_place.append)
    files.add("1" * 64, "a", 8, most, put_in_place=put_in_place.append)

    assert put_in_place == [True, False]
    assert files.usage("a") == Usage(8, 1)


def test_a_centre_stores_no_more_than_its_quota_also_after_a_restart(tmp_path: Path) -> None:
    with running_hub(tmp_path, max_bytes_per_centre=1000, max_files_per_centre=2) as hub:
        tokens = [hub.client().invite(name) for name in ("centre-a", "centre-b")]
        assert _put(hub, tokens[0], b"x" * 900).status_code == 201
        assert _put(hub, tokens[0], b"x" * 900).status_code == 507  # twice, until it is known
        assert _put(hub, tokens[0], b"y" * 100).status_code == 201
    with running_hub(tmp_path, max_bytes_per_centre=1000, max_files_per_centre=2) as hub:
        files = _put(hub, tokens[0], b"z")
        assert (files.status_code, files.json()["code"]) == (507, "GS-1206")
        assert "HUB_MAX_FILES_PER_CENTRE" in files.json()["detail"]
        assert _put(hub, tokens[1], b"x" * 900).status_code == 201  # known: the first pays
        assert _put(hub, tokens[1], b"w" * 1000).status_code == 201
        assert list((tmp_path / "blobs" / "incoming").iterdir()) == []


def test_a_centre_publishes_no_more_versions_than_its_quota(tmp_path: Path) -> None:
    packages = [write_tiny_package(tmp_path / str(n), title=f"Number {n}") for n in range(2)]
    with running_hub(tmp_path / "hub", max_versions_per_centre=1) as hub:
        client = hub.invited("centre-b")
        assert client.publish(packages[0]).version == 1
        with pytest.raises(HubRefusedError, match="HUB_MAX_VERSIONS_PER_CENTRE"):
            client.publish(packages[1])
        assert client.publish(packages[0]).version == 1


@pytest.mark.parametrize(
    ("size", "status"), [(10_000_000_000, b"413"), (2_001, b"413"), (1_001, b"507")]
)
def test_an_upload_that_is_too_large_is_refused_before_it_comes(
    tmp_path: Path, size: int, status: bytes
) -> None:
    limits = {"max_file_bytes": 2_000, "max_bytes_per_centre": 1_000}
    with running_hub(tmp_path, **limits) as hub:
        answer = _answer_to_head(hub, hub.client().invite("centre-a"), size)

    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"connection: close" in answer.lower()


def test_an_upload_that_stops_coming_is_ended_and_leaves_nothing(tmp_path: Path) -> None:
    with running_hub(tmp_path, upload_stall_seconds=0.2) as hub:
        answer = _answer_to_head(hub, hub.client().invite("centre-a"), 1_000)

    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"GS-1207"' in answer
    assert list((tmp_path / "blobs" / "incoming").iterdir()) == []


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub") as running:
        yield running


@pytest.mark.slow
def test_a_second_hub_on_a_folder_is_one_sentence_and_the_firsts_uploads_stay(
    hub: RunningHub,
) -> None:
    running = hub.data_dir / "blobs" / "incoming" / "upload-of-the-first"
    running.write_bytes(b"half of it")

    with (
        pytest.raises(CannotServeError, match=f"another hub serves the folder {hub.data_dir}"),
        running_hub(hub.data_dir),
    ):
        pytest.fail("a second hub started")

    assert running.exists()
    running.unlink()
