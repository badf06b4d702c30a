import base64
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from hub.database import Table
from shared.errors import DigestMismatchError, HubRefusedError, HubUnreachableError, PackageError
from shared.hub_client import connect
from shared.packages import canonical_json, sha256_of
from tests.hub_server import ADMIN_TOKEN, RunningHub, database_of, running_hub
from tests.lying_hub import ONCE
from tests.packages import TINY, safetensors_bytes, write_tiny_package
from tests.schemas import schema_differences

FILES = "/api/v1/generators/centre-b/lesions-dcgan/versions/latest/files"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub", max_file_bytes=200_000) as running:
        yield running


@pytest.fixture(scope="module")
def empty_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A hub where tests publish nothing."""
    with running_hub(tmp_path_factory.mktemp("hub") / "data") as running:
        yield running


def _http(hub: RunningHub, token: str = ADMIN_TOKEN) -> httpx.Client:
    return httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {token}"})


def test_a_published_package_is_listed_and_fetched_unchanged(
    hub: RunningHub, tmp_path: Path
) -> None:
    package = write_tiny_package(tmp_path)

    record = hub.invited("centre-b").publish(package)
    reader = hub.invited("centre-a")
    fetched = reader.fetch(reader.version("centre-b", "lesions-dcgan", None), tmp_path / "in")

    assert (record.version, record.manifest_digest) == (1, package.digest)
    assert [item.version for item in reader.generators()] == [1]
    assert fetched.card == package.card
    assert sha256_of(tmp_path / "in" / "weights.safetensors") == package.card.weights[0].sha256


def test_the_same_package_again_is_the_same_version_and_another_is_the_next(
    hub: RunningHub, tmp_path: Path
) -> None:
    client = hub.invited("centre-b")
    package = write_tiny_package(tmp_path / "one")

    versions = [client.publish(package).version for _ in range(2)]
    other = client.publish(write_tiny_package(tmp_path / "two", title="Other"))

    assert versions == [1, 1]
    assert other.version == 2
    assert client.version("centre-b", "lesions-dcgan", 1).manifest_digest == package.digest


def test_concurrent_publications_get_different_numbers(hub: RunningHub, tmp_path: Path) -> None:
    client = hub.invited("centre-b")
    packages = [write_tiny_package(tmp_path / str(n), title=f"Number {n}") for n in range(6)]

    with ThreadPoolExecutor(6) as threads:
        versions = list(threads.map(lambda package: client.publish(package).version, packages))

    assert sorted(versions) == [1, 2, 3, 4, 5, 6]


def test_files_are_served_whole_in_part_and_not_again(hub: RunningHub, tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path)
    hub.invited("centre-b").publish(package)
    content = (package.folder / "weights.safetensors").read_bytes()
    digest = hashlib.sha256(content)
    url = f"{FILES}/weights.safetensors"

    with _http(hub) as http:
        whole = http.get(url)
        part = http.get(url, headers={"Range": "bytes=10-19"})
        known = http.get(url, headers={"If-None-Match": f'"{digest.hexdigest()}"'})
        beyond = http.get(url, headers={"Range": "bytes=9999999-"})

    assert whole.content == content
    assert whole.headers["ETag"] == f'"{digest.hexdigest()}"'
    assert whole.headers["Repr-Digest"] == (
        f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    )
    assert (part.status_code, part.content) == (206, content[10:20])
    assert (known.status_code, known.content) == (304, b"")
    assert beyond.status_code == 416


def test_a_fetch_that_broke_off_goes_on(hub: RunningHub, tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path)
    client = hub.invited("centre-b")
    record = client.publish(package)
    partial = tmp_path / ".in.part"
    partial.mkdir()
    content = (package.folder / "weights.safetensors").read_bytes()
    (partial / "weights.safetensors").write_bytes(content[:100])

    client.fetch(record, tmp_path / "in")

    assert (tmp_path / "in" / "weights.safetensors").read_bytes() == content
    assert not partial.exists()


def test_a_damaged_part_is_refused_and_nothing_is_left_in_place(
    hub: RunningHub, tmp_path: Path
) -> None:
    client = hub.invited("centre-b")
    record = client.publish(write_tiny_package(tmp_path))
    partial = tmp_path / ".in.part"
    partial.mkdir()
    (partial / "weights.safetensors").write_bytes(b"x" * 100)

    with pytest.raises(PackageError, match=r"but .* is declared"):
        client.fetch(record, tmp_path / "in")

    assert not (tmp_path / "in").exists()
    assert client.fetch(record, tmp_path / "in").digest == record.manifest_digest


def test_a_record_with_another_manifests_digest_is_refused_before_anything_is_fetched(
    hub: RunningHub, tmp_path: Path
) -> None:
    client = hub.invited("centre-b")
    record = client.publish(write_tiny_package(tmp_path / "out"))
    lying = record.model_copy(update={"manifest_digest": "0" * 64})

    with pytest.raises(DigestMismatchError, match="but the hub says 000"):
        client.fetch(lying, tmp_path / "in")

    assert [path.name for path in tmp_path.iterdir() if "in" in path.name] == []


@pytest.mark.slow
def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path)
    with running_hub(tmp_path / "hub") as hub:
        token = hub.client().invite("centre-b")
        hub.client(token).publish(package)
    with running_hub(tmp_path / "hub") as hub:
        assert [item.manifest_digest for item in hub.client(token).generators()] == [package.digest]


def test_pages_link_to_the_next(hub: RunningHub, tmp_path: Path) -> None:
    client = hub.invited("centre-b")
    for number in range(3):
        client.publish(write_tiny_package(tmp_path / str(number), title=f"Number {number}"))

    with _http(hub) as http:
        first = http.get("/api/v1/generators", params={"limit": 2})
        second = http.get(first.links["next"]["url"])

    assert [item["version"] for item in first.json()["items"]] == [3, 2]
    assert [item["version"] for item in second.json()["items"]] == [1]
    assert "next" not in second.links


@pytest.mark.parametrize("token", [None, "gsc_wrong", ""])
def test_a_missing_or_wrong_token_is_refused(empty_hub: RunningHub, token: str | None) -> None:
    with pytest.raises(HubRefusedError, match="GS-1001"):
        list(empty_hub.client(token).generators())


def test_only_the_administrator_enrols_and_a_renewed_token_replaces_the_old(
    hub: RunningHub,
) -> None:
    first = hub.client().invite("centre-b")
    with pytest.raises(HubRefusedError, match="enrolled already"):
        hub.client().invite("centre-b")
    second = hub.client().invite("centre-b", renew=True)

    with pytest.raises(HubRefusedError, match="GS-1001"):
        list(hub.client(first).generators())
    with pytest.raises(HubRefusedError, match="cannot enrol"):
        hub.client(second).invite("centre-c")


def test_nobody_publishes_under_a_foreign_name(empty_hub: RunningHub, tmp_path: Path) -> None:
    empty_hub.invited("centre-b")

    with pytest.raises(HubRefusedError, match="centre-c cannot publish under the name of centre-b"):
        empty_hub.invited("centre-c").publish(write_tiny_package(tmp_path))


TENSORS = TINY.generator_tensors()
GOOD = safetensors_bytes(TENSORS)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04" + bytes(200), "looks like a pickled PyTorch file"),
        (b"\x80\x02}q\x00" + bytes(200), "looks like a pickled PyTorch file"),
        (safetensors_bytes(TENSORS, float("nan")), "holds NaN or infinity"),
        (safetensors_bytes(TENSORS, float("-inf")), "holds NaN or infinity"),
        (safetensors_bytes(dict(list(TENSORS.items())[1:])), "lacks tensor"),
        (safetensors_bytes({**TENSORS, "extra": TENSORS["output.weight"]}), "has the unknown"),
        (
            safetensors_bytes({**TENSORS, "output.weight": TENSORS["blocks.0.norm.bias"]}),
            "but the architecture says",
        ),
        (GOOD[:-4], "but its header declares"),
        (GOOD + b"\0", "but its header declares"),
        (GOOD[:50], "truncated"),
        ((1 << 40).to_bytes(8, "little") + bytes(100), "its header would have"),
    ],
)
def test_weights_that_are_not_the_architectures_are_refused(
    empty_hub: RunningHub, tmp_path: Path, content: bytes, sentence: str
) -> None:
    client = empty_hub.invited("centre-b")

    with pytest.raises(HubRefusedError, match=sentence):
        client.publish(write_tiny_package(tmp_path, content))

    assert list(client.generators()) == []


def test_an_upload_with_another_digest_or_too_many_bytes_leaves_nothing(hub: RunningHub) -> None:
    with _http(hub) as http:
        wrong = http.put(f"/api/v1/blobs/{'0' * 64}", content=b"something")
        large = http.put(f"/api/v1/blobs/{'0' * 64}", content=bytes(200_001))

    assert (wrong.status_code, wrong.json()["code"]) == (422, "GS-1201")
    assert (large.status_code, large.json()["code"]) == (413, "GS-1202")
    assert [path for path in (hub.data_dir / "blobs").rglob("*") if path.is_file()] == []


def test_a_manifest_whose_files_are_missing_is_refused(hub: RunningHub, tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path)
    token = hub.client().invite("centre-b")

    with _http(hub, token) as http:
        answer = http.post(
            "/api/v1/generators/centre-b/lesions-dcgan/versions",
            content=canonical_json(package.manifest),
            headers={"Content-Type": "application/json"},
        )

    assert (answer.status_code, answer.json()["code"]) == (409, "GS-1205")


@pytest.mark.parametrize(
    "path",
    [
        f"{FILES}/..%2F..%2Fhub.sqlite",
        f"{FILES}/nothing",
        "/api/v1/generators/centre-b/none/versions/1",
        "/api/v1/nowhere",
    ],
)
def test_what_is_not_there_is_a_problem_with_a_request_id(
    hub: RunningHub, tmp_path: Path, path: str
) -> None:
    hub.invited("centre-b").publish(write_tiny_package(tmp_path))

    with _http(hub) as http:
        answer = http.get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
    assert answer.json()["hint"]


def test_the_api_page_needs_nothing_from_elsewhere(empty_hub: RunningHub) -> None:
    page = httpx.get(f"{empty_hub.url}/docs").text

    assert "/api/v1/generators/{centre}/{name}/versions" in page
    assert "http://" not in page
    assert "https://" not in page


def test_the_api_page_has_every_route_once(hub: RunningHub) -> None:
    page = httpx.get(f"{hub.url}/docs").text
    paths = httpx.get(f"{hub.url}/openapi.json").json()["paths"].values()

    heads_alone = [found for found in paths if "head" in found and "get" not in found]
    assert page.count("<b>HEAD</b>") == len(heads_alone) == 1
    assert page.count("<b>GET</b>") == sum("get" in operations for operations in paths)


def test_a_hub_that_is_down_is_named() -> None:
    with pytest.raises(
        HubUnreachableError, match=r"no answer from the hub at http://127\.0\.0\.1:9"
    ):
        list(connect("http://127.0.0.1:9", None, ONCE).generators())


def test_migrations_make_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    assert schema_differences(database_of(tmp_path), Table.metadata) == []


@pytest.mark.parametrize(("token", "status"), [("nobody", 401), (ADMIN_TOKEN, 413)])
def test_no_large_body_fills_the_memory_and_a_strangers_is_not_looked_at(
    empty_hub: RunningHub, token: str, status: int
) -> None:
    pieces = (b" " * 100_000 for _ in range(1000))

    with _http(empty_hub, token) as http:
        answer = http.post(
            "/api/v1/centres", content=pieces, headers={"Content-Type": "application/json"}
        )

    assert answer.status_code == status
    told_the_limit = answer.json()["detail"].endswith("the body is larger than 1000000 bytes")
    assert told_the_limit is (status == 413)
