"""A hub that is killed with SIGKILL again and again, while centres publish and others fetch."""

import hashlib
import random
import shutil
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.audit_log.verification import Verification
from shared.architectures import DcganArchitecture
from shared.errors import HubUnreachableError
from shared.hub_client import HubClient, connect
from shared.hub_exchange import HubLimits
from shared.packages import CARD, Package
from shared.records import GeneratorVersion, LogHead
from shared.repeats import Patience
from tests.hub.hub_process import HubProcess
from tests.hub_server import ADMIN_TOKEN, verified
from tests.packages import safetensors_bytes, write_tiny_ensemble

ARCHITECTURES = [
    DcganArchitecture(image_size=size, latent_size=8, width=width)
    for size, width in ((16, 4), (32, 16), (64, 16))
]
LONGEST_LIFE_SECONDS = 1.5
PAUSE_SECONDS = 0.05
NAMES = ("masses", "calcifications")
ONCE = HubLimits(patience=Patience(()))  # the test itself asks again, and counts

Key = tuple[str, str, int]


class Gate:
    """Lets work run side by side, and now and then a check with nothing else under way."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._at_work, self._is_closed, self.is_over = 0, False, False

    @contextmanager
    def work(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._is_closed)
            self._at_work += 1
        try:
            yield
        finally:
            with self._changed:
                self._at_work -= 1
                self._changed.notify_all()

    @contextmanager
    def quiet(self) -> Iterator[None]:
        with self._changed:
            self._is_closed = True
            assert self._changed.wait_for(lambda: not self._at_work, 120), "somebody never ends"
        try:
            yield
        finally:
            with self._changed:
                self._is_closed = False
                self._changed.notify_all()


@dataclass
class Exchange:
    """What is known from outside of what a hub was told and what it said.

    Attributes:
        acknowledged: The digest of each version that a publisher got an answer to.
    """

    hub: HubProcess
    folder: Path
    gate: Gate = field(default_factory=Gate)
    acknowledged: dict[Key, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)

    def client(self, centre: str) -> HubClient:
        return connect(self.hub.url, self.tokens[centre], ONCE)

    def publish_on(self, centre: str) -> None:
        """Publish one package after the other; each until it is acknowledged."""
        draw, client = random.Random(centre), self.client(centre)
        while not self.gate.is_over:
            package = self._package(centre, draw)
            record = self._until_answered(partial(client.publish, package))
            self.acknowledged[_key(record)] = package.digest
            self.done["published"] += 1
            shutil.rmtree(package.folder.parent)

    def read_on(self, number: int) -> None:
        """Fetch one version after the other; each file's digest is verified."""
        draw, client = random.Random(number), self.client("reader")
        out = self.folder / f"read-{number}"
        while not self.gate.is_over:
            asked = draw.choice([*self.acknowledged, None])
            if asked is None:
                self._until_answered(lambda: list(client.generators()))
                continue
            record = self._until_answered(partial(client.version, *asked))
            package = self._until_answered(partial(client.fetch, record, out))
            assert package.digest == self.acknowledged[asked]
            self.done["fetched"] += 1
            shutil.rmtree(out)

    def _package(self, centre: str, draw: random.Random) -> Package:
        architecture = draw.choice(ARCHITECTURES)
        tensors = architecture.generator_tensors()
        contents = {
            f"weights-epoch-{epoch:04d}.safetensors": safetensors_bytes(tensors, draw.random())
            for epoch in range(draw.choice((1, 1, 3)))
        }
        return write_tiny_ensemble(
            self.folder / f"package-{centre}",
            contents,
            centre=centre,
            name=draw.choice(NAMES),
            architecture=architecture,
        )

    def _until_answered(self, ask: Callable[[], Any]) -> Any:
        """Ask until the hub is there: whatever else goes wrong is a fault."""
        while True:
            with self.gate.work():
                try:
                    return ask()
                except HubUnreachableError:
                    self.done["broken off"] += 1
            assert not self.gate.is_over, "the hub went away for good"
            time.sleep(PAUSE_SECONDS)


def _key(record: GeneratorVersion) -> Key:
    return record.centre, record.name, record.version


class Checks:
    """Compares a hub in which nothing happens with what was acknowledged, and with itself."""

    def __init__(self, exchange: Exchange, data_dir: Path) -> None:
        self._exchange, self._data_dir = exchange, data_dir
        self._whole: set[str] = set()
        self._served: set[Key] = set()
        self._heads: list[LogHead] = []

    def check(self) -> None:
        records = {_key(r): r for r in self._exchange.client("reader").generators()}
        digests = {key: record.manifest_digest for key, record in records.items()}
        acknowledged = dict(self._exchange.acknowledged)
        assert acknowledged.items() <= digests.items()
        assert len({(*key[:2], digest) for key, digest in digests.items()}) == len(digests)
        _check_numbered(records)
        self._check_files(records)
        self._check_served(records)
        self._heads.append(self._head())

    def verify(self) -> Verification:
        """Return what `genshare hub verify` finds, with every head that the log ever had."""
        return verified(self._data_dir, *self._heads)

    def _head(self) -> LogHead:
        headers = {"Authorization": f"Bearer {self._exchange.tokens['reader']}"}
        answer = httpx.get(f"{self._exchange.hub.url}/api/v1/log/head", headers=headers)
        return LogHead.model_validate_json(answer.raise_for_status().content)

    def _check_files(self, records: dict[Key, GeneratorVersion]) -> None:
        """Every file is whole, noted as its uploader's, and there if a version has it."""
        blobs = self._data_dir / "blobs"
        assert list((blobs / "incoming").iterdir()) == []
        stored = {path.name: path for path in blobs.glob("??/*")}
        assert {path.name for path in blobs.rglob("*") if path.is_file()} == set(stored)
        for digest in stored.keys() - self._whole:
            assert hashlib.sha256(stored[digest].read_bytes()).hexdigest() == digest
            self._whole.add(digest)
        sizes = {digest: path.stat().st_size for digest, path in stored.items()}
        for record in records.values():
            for file in record.manifest.files:
                assert sizes.get(file.sha256) == file.size_bytes, _key(record)
        with closing(sqlite3.connect(self._data_dir / "hub.sqlite")) as database:
            noted = dict(database.execute("SELECT sha256, size_bytes FROM stored_files"))
            assert list(database.execute("PRAGMA integrity_check")) == [("ok",)]
        assert noted == sizes

    def _check_served(self, records: dict[Key, GeneratorVersion]) -> None:
        """What is new is served as declared, alone and in its list, card and weights."""
        client = self._exchange.client("reader")
        out = self._exchange.folder / "checked"
        for key in records.keys() - self._served:
            assert client.version(*key) == records[key]
            package = client.fetch(records[key], out)
            assert (package.folder / CARD).is_file()
            self._served.add(key)
            shutil.rmtree(out)


def _check_numbered(records: dict[Key, GeneratorVersion]) -> None:
    """The versions of each generator are 1, 2, 3 and so on."""
    numbers = defaultdict(list)
    for centre, name, version in records:
        numbers[centre, name].append(version)
    for found in numbers.values():
        assert sorted(found) == list(range(1, len(found) + 1))


def _kill_and_start(hub: HubProcess, draw: random.Random) -> None:
    """Kill, and sometimes kill the next one too while it starts."""
    hub.kill()
    hub.begin()
    while draw.random() < 0.2:
        time.sleep(draw.uniform(0, LONGEST_LIFE_SECONDS))
        hub.kill()
        hub.begin()
    hub.wait_until_ready()


@pytest.mark.parametrize(
    ("rounds", "publishers", "readers"),
    [
        pytest.param(4, 4, 4, marks=[pytest.mark.slow, pytest.mark.timeout(300)]),
        pytest.param(100, 8, 16, marks=[pytest.mark.nightly, pytest.mark.timeout(3600)]),
    ],
)
def test_what_was_acknowledged_outlives_every_kill_and_nothing_is_half_there(
    tmp_path: Path, rounds: int, publishers: int, readers: int
) -> None:
    hub, draw = HubProcess(tmp_path / "hub"), random.Random(rounds)
    exchange = Exchange(hub, tmp_path)
    checks = Checks(exchange, tmp_path / "hub")
    begun, work = time.monotonic(), list[Future[None]]()
    with ThreadPoolExecutor(publishers + readers) as workers:
        try:
            hub.wait_until_ready()
            centres = [f"centre-{number}" for number in range(publishers)]
            for centre in (*centres, "reader"):
                exchange.tokens[centre] = connect(hub.url, ADMIN_TOKEN).invite(centre)
            work = [workers.submit(exchange.publish_on, centre) for centre in centres]
            work += [workers.submit(exchange.read_on, number) for number in range(readers)]
            for _ in range(rounds):
                time.sleep(draw.uniform(0.05, LONGEST_LIFE_SECONDS))
                _kill_and_start(hub, draw)
                with exchange.gate.quiet():
                    checks.check()
                assert not [each for each in work if each.done()]
        finally:
            exchange.gate.is_over = True
            for each in work:
                each.result()
            hub.stop()

    verified = checks.verify()
    seconds = time.monotonic() - begun
    print(f"{rounds} rounds in {seconds:.0f} s: {dict(exchange.done)}; {verified}")  # noqa: T201 - for -s
    assert verified.faults == ()
    assert verified.versions >= len(exchange.acknowledged)
    assert verified.entries > verified.versions
    assert min(exchange.done[what] for what in ("published", "fetched", "broken off")) > rounds
    assert "Traceback" not in hub.log()
