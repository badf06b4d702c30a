"""A hub as a process of its own under bodies made to stop it: flat in memory, and there for all."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

from shared.architectures import DcganArchitecture
from shared.hub_client import connect
from simulation.processes import Service, Services, free_ports
from tests.packages import safetensors_bytes, write_tiny_package
from tests.waiting import wait_for

ADMIN_TOKEN = "admin-of-the-tests"
VERSIONS = "/api/v1/generators/centre-b/lesions-dcgan/versions"
MISSING = "/api/v1/blobs/missing"
MEBIBYTE = 1 << 20
LONGEST_SECONDS = 10  # on a machine however busy; `benchmarks/floods.py` says how long it takes
BODIES = {
    "empty files": (VERSIONS, b'{"files":[' + b"{}," * 330_000 + b"{}]}"),
    "as few files as are parsed": (VERSIONS, b'{"files":[' + b"{}," * 4_990 + b"{}]}"),
    "zeros": (MISSING, b'{"digests":[' + b"0," * 490_000 + b"0]}"),
    "brackets": (MISSING, b"[" * 990_000),
    "digits": (VERSIONS, b'{"files":[{"size_bytes":' + b"9" * 980_000 + b"}]}"),
    "keys": (MISSING, b"{" + b",".join(b'"%d":0' % number for number in range(9_000)) + b"}"),
    "one text": (MISSING, b'{"digests":["' + b"\\u0041" * 160_000 + b'"]}'),
}


@dataclass
class Watch:
    """Looks at a hub from outside while others are at it."""

    service: Service
    waits: list[float] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        process = psutil.Process(self.service.process.pid)
        with httpx.Client(timeout=30) as http:
            while not self.ended.wait(0.02):
                began = time.monotonic()
                assert http.get(f"{self.service.url}/api/v1/healthz").status_code == 200
                self.waits.append(time.monotonic() - began)
                self.resident.append(process.memory_info().rss)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Service]:
    arguments = ("hub", "serve", "--data-dir", str(tmp_path / "hub"))
    with Services(tmp_path / "logs", tmp_path / "running.json") as services:
        service = services.start(
            "hub", arguments, port=free_ports(1)[0], environment={"HUB_ADMIN_TOKEN": ADMIN_TOKEN}
        )

        def is_ready() -> bool:
            services.check()
            try:
                return httpx.get(f"{service.url}/api/v1/readyz").status_code == 200
            except httpx.ConnectError:
                return False

        wait_for(is_ready)
        yield service


@pytest.fixture
def watch(hub: Service) -> Iterator[Watch]:
    watch = Watch(hub)
    with ThreadPoolExecutor(1) as threads:
        watching = threads.submit(watch.run)
        wait_for(lambda: len(watch.resident) > 2)
        yield watch
        watch.ended.set()
        watching.result()


@pytest.mark.slow
def test_bodies_made_to_be_slow_cost_a_hub_neither_time_nor_memory(
    hub: Service, watch: Watch
) -> None:
    token = connect(hub.url, ADMIN_TOKEN).invite("centre-b")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def send(number: int) -> int:
        path, content = list(BODIES.values())[number % len(BODIES)]
        return httpx.post(hub.url + path, content=content, headers=headers, timeout=60).status_code

    before = max(watch.resident)
    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(send, range(10 * len(BODIES))))

    assert set(statuses) == {422}
    assert max(watch.waits) < LONGEST_SECONDS
    assert max(watch.resident) < 150 * MEBIBYTE
    assert max(watch.resident) - before < 50 * MEBIBYTE


@pytest.mark.slow
def test_none_takes_a_processor_for_long(hub: Service) -> None:
    token = connect(hub.url, ADMIN_TOKEN).invite("centre-b")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    process = psutil.Process(hub.process.pid)
    httpx.post(hub.url + MISSING, content=b"{}", headers=headers)  # the first one loads more
    spent_seconds = {}

    for name, (path, content) in BODIES.items():
        before = process.cpu_times().user
        for _ in range(5):
            answer = httpx.post(hub.url + path, content=content, headers=headers)
            assert answer.status_code == 422
        spent_seconds[name] = (process.cpu_times().user - before) / 5

    assert max(spent_seconds.values()) < 0.5, spent_seconds  # half a minute once


@pytest.mark.slow
def test_one_large_file_in_many_versions_is_read_once(
    hub: Service, watch: Watch, tmp_path: Path
) -> None:
    client = connect(hub.url, connect(hub.url, ADMIN_TOKEN).invite("centre-b"))
    architecture = DcganArchitecture()  # 51 MB of weights
    content = safetensors_bytes(architecture.generator_tensors())
    packages = [
        write_tiny_package(
            tmp_path / str(number), content, architecture=architecture, title=f"Number {number}"
        )
        for number in range(6)
    ]
    process = psutil.Process(hub.process.pid)
    before = process.cpu_times().user
    client.publish(packages[0])
    first = process.cpu_times().user

    versions = [client.publish(package).version for package in packages[1:]]

    assert versions == [2, 3, 4, 5, 6]
    assert process.cpu_times().user - first < 2 * (
        first - before
    )  # read five times: five times as much
    assert max(watch.waits) < LONGEST_SECONDS
    assert max(watch.resident) < 150 * MEBIBYTE
