"""A hub that lies: what it sends too much is cut off as it comes, and nothing stays behind."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shared import hub_client
from shared.errors import (
    BrokenPackageError,
    DigestMismatchError,
    HubUnreadableError,
    PackageError,
    PackageNotKeptError,
)
from shared.hub_client import HubClient, connect
from shared.packages import Package, manifest_digest
from shared.records import GeneratorPage, GeneratorVersion
from tests.packages import write_tiny_package

WEIGHTS = "weights.safetensors"
PIECE = b"\0" * 65536
MOST_UNDERWAY = 32 << 20  # what the buffers of both sockets can hold


@dataclass
class LyingHub:
    """Answers with the files of a package, or with what a test puts in their place."""

    package: Package
    files: dict[str, Callable[["Answer"], None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent_bytes: int = 0
    url: str = ""

    @property
    def client(self) -> HubClient:
        return connect(self.url, None)

    @property
    def record(self) -> GeneratorVersion:
        return GeneratorVersion(
            centre=self.package.card.centre,
            name=self.package.card.name,
            version=1,
            published_at=datetime(2022, 3, 1, tzinfo=UTC),
            manifest_digest=self.package.digest,
            manifest=self.package.manifest,
            card=self.package.card,
        )


class Answer(BaseHTTPRequestHandler):
    hub: LyingHub

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        self.hub.asked.append(name)
        if name in self.hub.files:
            self.hub.files[name](self)
        else:
            self.give((self.hub.package.folder / name).read_bytes())

    def give(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def give_endlessly(self, status: int = 200) -> None:
        self.send_response(status)
        self.end_headers()
        try:
            while True:
                self.wfile.write(PIECE)
                self.hub.sent_bytes += len(PIECE)
        except ConnectionError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def lying(package: Package) -> Iterator[LyingHub]:
    hub = LyingHub(package)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (Answer,), {"hub": hub}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LyingHub]:
    with lying(write_tiny_package(tmp_path / "theirs")) as running:
        yield running


def left(folder: Path) -> list[str]:
    """What lies beside and in the folder of a fetch that failed, the card's file aside."""
    return [
        path.name
        for path in folder.parent.rglob("*")
        if path.is_file() and path.name != "card.json" and "theirs" not in path.parts
    ]


def test_an_honest_answer_is_fetched(hub: LyingHub, tmp_path: Path) -> None:
    assert hub.client.fetch(hub.record, tmp_path / "in").digest == hub.package.digest


@pytest.mark.parametrize("status", [200, 206])
def test_a_file_without_an_end_is_cut_off_at_its_declared_size(
    hub: LyingHub, tmp_path: Path, status: int
) -> None:
    hub.files[WEIGHTS] = lambda answer: answer.give_endlessly(status)

    with pytest.raises(DigestMismatchError, match=r"sends more of weights\.safetensors than the"):
        hub.client.fetch(hub.record, tmp_path / "in")

    assert hub.sent_bytes < MOST_UNDERWAY
    assert left(tmp_path / "in") == []


def test_what_is_written_never_exceeds_the_declared_size(
    hub: LyingHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(Path, "unlink", lambda path, **_: sizes.append(path.stat().st_size))
    hub.files[WEIGHTS] = lambda answer: answer.give_endlessly()

    with pytest.raises(DigestMismatchError):
        hub.client.fetch(hub.record, tmp_path / "in")

    assert sizes == [hub.package.card.weights[0].size_bytes]


def test_one_byte_too_many_is_one_too_many_also_for_the_rest_of_a_file(
    hub: LyingHub, tmp_path: Path
) -> None:
    content = (hub.package.folder / WEIGHTS).read_bytes()
    (tmp_path / ".in.part").mkdir()
    (tmp_path / ".in.part" / WEIGHTS).write_bytes(content[:100])
    hub.files[WEIGHTS] = lambda answer: answer.give(content[100:] + b"\0", 206)

    with pytest.raises(DigestMismatchError, match="sends more"):
        hub.client.fetch(hub.record, tmp_path / "in")

    assert left(tmp_path / "in") == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda answer: answer.give(gzip.compress(bytes(10**7)), Content_Encoding="gzip"),
        lambda answer: answer.give(b"see there", 302, Location="/elsewhere"),
        lambda answer: answer.give(b"too short"),
    ],
    ids=["compressed", "redirected", "short"],
)
def test_what_is_not_the_file_is_refused(
    hub: LyingHub, tmp_path: Path, answer: Callable[[Answer], None]
) -> None:
    hub.files[WEIGHTS] = answer

    with pytest.raises((PackageError, HubUnreadableError)):
        hub.client.fetch(hub.record, tmp_path / "in")

    assert left(tmp_path / "in") == []


def test_a_size_that_no_such_generator_has_is_refused_before_anything_is_fetched(
    hub: LyingHub, tmp_path: Path
) -> None:
    huge = {"size_bytes": 10**15}
    (weights,) = hub.package.card.weights
    card = hub.record.card.model_copy(update={"weights": (weights.model_copy(update=huge),)})
    files = [
        file.model_copy(update=huge if file.name == WEIGHTS else {})
        for file in hub.package.manifest.files
    ]
    manifest = hub.package.manifest.model_copy(update={"files": tuple(files)})
    changes = {"card": card, "manifest": manifest, "manifest_digest": manifest_digest(manifest)}

    with pytest.raises(BrokenPackageError, match=r"1000000000000000 bytes, but has \d+ at most"):
        hub.client.fetch(hub.record.model_copy(update=changes), tmp_path / "in")

    assert hub.asked == []


def test_a_record_whose_card_is_not_the_packages_is_refused(hub: LyingHub, tmp_path: Path) -> None:
    card = hub.record.card.model_copy(update={"licence": "CC BY 4.0"})

    with pytest.raises(DigestMismatchError, match="not the version that was asked for"):
        hub.client.fetch(hub.record.model_copy(update={"card": card}), tmp_path / "in")

    assert not (tmp_path / "in").exists()


@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_without_an_end_is_not_gathered_in_memory(
    hub: LyingHub, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(hub_client, "LARGEST_ANSWER_BYTES", 1 << 20)
    hub.files["latest"] = lambda answer: answer.give_endlessly(status)

    with pytest.raises(HubUnreadableError, match=f"HTTP {status} without an end"):
        hub.client.version("centre-b", "lesions-dcgan", None)

    assert hub.sent_bytes < MOST_UNDERWAY


def test_pages_that_lead_in_a_circle_end(hub: LyingHub) -> None:
    page = GeneratorPage(items=(hub.record,), next_cursor=7).model_dump_json().encode()
    for path in ("generators", "generators?cursor=7"):
        hub.files[path] = lambda answer: answer.give(page)

    with pytest.raises(HubUnreadableError, match="the page after 7 leads on to 7"):
        list(hub.client.generators())


def test_what_is_in_the_folder_already_is_left_alone(hub: LyingHub, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("")
    (tmp_path / "empty").mkdir()

    for taken in ("thesis", "thesis/thesis.tex"):
        with pytest.raises(PackageNotKeptError, match="is there already, and is no package"):
            hub.client.fetch(hub.record, tmp_path / taken)

    assert hub.asked == []
    assert hub.client.fetch(hub.record, tmp_path / "empty").digest == hub.package.digest


def test_the_folder_can_be_the_one_that_one_is_in(
    hub: LyingHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    assert hub.client.fetch(hub.record, Path()).digest == hub.package.digest
    assert (tmp_path / "here" / WEIGHTS).is_file()
