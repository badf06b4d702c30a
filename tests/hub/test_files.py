"""Serving files by HTTP: parts, conditions and problems."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from shared.packages import canonical_json
from tests.hub_server import ADMIN_TOKEN, running_hub
from tests.packages import write_tiny_package
from tests.small_disk import small_disk

DOCUMENT = "/api/v1/generators/centre-b/lesions-dcgan/versions/1"
WEIGHTS = f"{DOCUMENT}/files/weights.safetensors"


@dataclass(frozen=True)
class Served:
    http: httpx.Client
    content: bytes

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()}"'

    def get(self, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.get(WEIGHTS, headers=named)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    package = write_tiny_package(folder)
    authorization = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    with running_hub(folder / "hub") as hub:
        hub.invited("centre-b").publish(package)
        with httpx.Client(base_url=hub.url, headers=authorization) as http:
            yield Served(http, (package.folder / "weights.safetensors").read_bytes())


def test_head_tells_size_and_digest_without_the_content(served: Served) -> None:
    answer = served.http.head(WEIGHTS)

    assert answer.headers["Content-Length"] == str(len(served.content))
    assert answer.headers["ETag"] == served.etag
    assert answer.content == b""


def test_head_of_a_blob_tells_its_size(served: Served) -> None:
    answer = served.http.head(f"/api/v1/blobs/{served.etag.strip(chr(34))}")

    assert answer.headers["Content-Length"] == str(len(served.content))


@pytest.mark.parametrize(
    ("asked", "part"),
    [("bytes=0-0", slice(0, 1)), ("bytes=100-", slice(100, None)), ("bytes=-7", slice(-7, None))],
)
def test_a_range_is_that_part(served: Served, asked: str, part: slice) -> None:
    answer = served.get(Range=asked)

    assert answer.status_code == 206
    assert answer.content == served.content[part]


def test_a_range_of_another_file_is_the_whole_file(served: Served) -> None:
    assert served.get(Range="bytes=0-9", If_Range='"other"').content == served.content
    assert served.get(Range="bytes=0-9", If_Range=served.etag).content == served.content[:10]


@pytest.mark.parametrize(("asked", "status"), [("bytes=9999999-", 416), ("bytes=x-y", 400)])
def test_a_range_that_cannot_be_served_is_a_problem(
    served: Served, asked: str, status: int
) -> None:
    answer = served.get(Range=asked)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Content-Range"] == f"bytes */{len(served.content)}"
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("form", ["{etag}", "W/{etag}", '"other", {etag}', "*"])
def test_what_the_caller_has_is_not_sent_again(served: Served, form: str) -> None:
    answer = served.get(If_None_Match=form.format(etag=served.etag))

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == served.etag


@pytest.mark.parametrize("form", ['"other"', "", '"x{bare}"', "{bare}"])
def test_what_the_caller_does_not_have_is_sent(served: Served, form: str) -> None:
    answer = served.get(If_None_Match=form.format(bare=served.etag.strip('"')))

    assert answer.status_code == 200


def test_a_file_is_sent_only_while_it_is_the_one_that_is_meant(served: Served) -> None:
    other = served.get(If_Match='"other"', Range="bytes=0-9")

    assert served.get(If_Match=served.etag, Range="bytes=0-9").content == served.content[:10]
    assert (other.status_code, other.json()["code"]) == (412, "GS-2208")


def test_a_range_in_other_units_or_of_a_head_is_ignored(served: Served) -> None:
    assert served.get(Range="lines=1-2").content == served.content
    assert served.http.head(WEIGHTS, headers={"Range": "bytes=0-9"}).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/generators", DOCUMENT, DOCUMENT.rpartition("/")[0]])
def test_a_document_has_an_etag_that_conditions_hold_for(served: Served, path: str) -> None:
    first = served.http.get(path)
    etag = first.headers["ETag"]
    known = served.http.get(path, headers={"If-None-Match": etag})
    meant = served.http.get(path, headers={"If-Match": etag})
    other = served.http.get(path, headers={"If-Match": '"other"'})

    assert served.http.head(path).headers["ETag"] == etag
    assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", etag)
    assert (meant.status_code, meant.content) == (200, first.content)
    assert (other.status_code, other.json()["code"]) == (412, "GS-2208")


def test_an_upload_that_must_be_the_first_or_a_replacement_is_refused_before_it_comes(
    served: Served,
) -> None:
    there = f"/api/v1/blobs/{served.etag[1:-1]}"
    new = f"/api/v1/blobs/{hashlib.sha256(b'new').hexdigest()}"

    def put(path: str, **condition: str) -> int:
        headers = {name.replace("_", "-"): value for name, value in condition.items()}
        content = served.content if path == there else b"new"
        return served.http.put(path, content=content, headers=headers).status_code

    assert put(there, If_None_Match="*") == 412
    assert put(new, If_Match="*") == 412
    assert served.http.head(new).status_code == 404
    assert put(there, If_Match=served.etag) == 201
    assert put(new, If_None_Match="*") == 201


def test_a_centre_publishes_only_on_top_of_the_versions_that_it_knows(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as hub:
        token = hub.client().invite("centre-b")
        packages = [write_tiny_package(tmp_path / title, title=title) for title in ("one", "two")]
        hub.client(token).publish(packages[0])
        versions = DOCUMENT.rpartition("/")[0]
        with httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {token}"}) as http:
            etag = http.get(versions).headers["ETag"]
            hub.client(token).publish(packages[1])
            manifest = canonical_json(packages[1].manifest)
            told = {"Content-Type": "application/json", "If-Match": etag}
            outdated = http.post(versions, content=manifest, headers=told)
            told["If-Match"] = http.get(versions).headers["ETag"]
            known = http.post(versions, content=manifest, headers=told)

    assert (outdated.status_code, known.status_code) == (412, 200)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", WEIGHTS.replace("/versions/1/", "/versions/0/"), 422),
        ("GET", WEIGHTS.replace("/versions/1/", "/versions/2/"), 404),
        ("GET", WEIGHTS.replace("centre-b", "Centre"), 422),
        ("GET", WEIGHTS.replace("weights.safetensors", "%2e%2e%2fcard.json"), 404),
        ("GET", WEIGHTS.replace("weights.safetensors", "manifest.json"), 404),
        ("GET", "/api/v1/generators?limit=0", 422),
        ("GET", "/api/v1/generators?limit=201", 422),
        ("GET", "/api/v1/generators?cursor=99999999999999999999", 422),
        ("GET", "/api/v1/generators?kind=tumour", 422),
        ("PUT", "/api/v1/blobs/..%2f..%2fhub.sqlite", 404),
        ("PUT", "/api/v1/blobs/abc", 422),
        ("DELETE", WEIGHTS, 405),
        ("POST", "/api/v1/blobs/missing", 415),
    ],
)
def test_a_wrong_request_is_a_problem_with_code_hint_and_id(
    served: Served, method: str, path: str, status: int
) -> None:
    answer = served.http.request(method, path, content=b"{}")

    assert answer.status_code == status
    problem = answer.json()
    assert problem["code"].startswith("GS-")
    assert problem["hint"]
    assert problem["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 1),
        ("kind=mass", 1),
        ("kind=calcification", 0),
        ("architecture=dcgan", 1),
        ("architecture=other", 0),
        ("centre=centre-b", 1),
        ("centre=centre-c", 0),
    ],
)
def test_generators_are_found_by_centre_kind_and_architecture(
    served: Served, query: str, found: int
) -> None:
    assert len(served.http.get(f"/api/v1/generators?{query}").json()["items"]) == found


def test_health_needs_no_token(served: Served) -> None:
    for path in ("healthz", "readyz", "version"):
        answer = httpx.get(served.http.base_url.join(f"/api/v1/{path}"))
        assert answer.status_code == 200


def test_a_hub_without_its_tables_is_alive_but_not_ready(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        with sqlite3.connect(tmp_path / "hub.sqlite") as database:
            database.execute("DROP TABLE alembic_version")
        alive, ready = (httpx.get(f"{hub.url}/api/v1/{path}") for path in ("healthz", "readyz"))

    assert alive.status_code == 200
    assert (ready.status_code, ready.json()["code"]) == (503, "GS-2202")


def test_a_full_disk_of_the_hub_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kib=512) as disk, running_hub(disk) as hub:
        content = bytes(1 << 20)
        answer = httpx.put(
            f"{hub.url}/api/v1/blobs/{hashlib.sha256(content).hexdigest()}",
            content=content,
            headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
        )

        assert answer.status_code == 507
        problem = answer.json()
        assert problem["code"] == "GS-1203"
        assert problem["detail"] == "the upload does not fit the hub's disk"
        assert [path for path in (disk / "blobs").rglob("*") if path.is_file()] == []


def test_a_full_disk_under_the_hubs_database_is_said(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kib=512) as disk, running_hub(disk) as hub:
        with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        answer = httpx.post(
            f"{hub.url}/api/v1/centres",
            json={"name": "centre-b"},
            headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
        )

    assert (answer.status_code, answer.json()["code"]) == (507, "GS-2206")
    assert answer.json()["detail"] == "the service's database cannot be written: its disk is full"
