"""A hub as a process with few file descriptors, and more callers than it can hold."""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from tests.centre_node.node_server import free_port
from tests.waiting import wait_for

DESCRIPTORS, CALLERS, LINES = 1_024, 1_100, 60
ADMIN_TOKEN = "admin-of-the-flooded-hub"
SETTINGS = {
    "HUB_ADMIN_TOKEN": ADMIN_TOKEN,
    "HUB_LOG_LINES_PER_MINUTE": str(LINES),
    "HUB_MAX_CONNECTIONS": "5000",
}
LARGEST_BYTES = 150_000_000
RUBBISH = b"\x16\x03\x01\x00 rubbish\r\n\r\n"


class Hub:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / "log"
        command = [sys.executable, "-m", "genshare", "hub", "serve", "--port", str(self.port)]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--data-dir", str(folder / "hub")],
                env={**os.environ, **SETTINGS},
                stderr=log,
                preexec_fn=lambda: resource.setrlimit(
                    resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS)
                ),
            )
        wait_for(self._answers)

    def answers_soon(self) -> bool:
        """Tell whether a caller is answered before the hub ends those who ask nothing."""
        return httpx.get(self._health, timeout=8).status_code == 200

    def resident_bytes(self) -> int:
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    @property
    def _health(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1/healthz"

    def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(self._health).is_success
        return False


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 3 * CALLERS), most))
    folder = tmp_path_factory.mktemp("flooded")
    running = Hub(folder)
    try:
        yield running
    finally:
        running.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def silent(connection: socket.socket) -> None:
    """Say nothing."""


def half_a_head(connection: socket.socket) -> None:
    connection.sendall(b"GET /api/v1/healthz HTTP/1.1\r\nHost: localhost\r\n")


def half_a_body(connection: socket.socket) -> None:
    connection.sendall(
        b"POST /api/v1/blobs/missing HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n" + b" " * 600_000
    )


def half_an_upload(connection: socket.socket) -> None:
    connection.sendall(
        f"PUT /api/v1/blobs/{'0' * 64} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {ADMIN_TOKEN}\r\nContent-Length: 1000000\r\n\r\n".encode()
        + b" " * 900_000
    )


def rubbish(connection: socket.socket) -> None:
    connection.sendall(RUBBISH)


@pytest.mark.slow
@pytest.mark.parametrize("behaviour", [silent, half_a_head, half_a_body, half_an_upload, rubbish])
def test_a_crowd_keeps_no_one_from_the_hub(
    hub: Hub, behaviour: Callable[[socket.socket], None]
) -> None:
    with ExitStack() as stack:
        for number in range(CALLERS):
            connection = socket.create_connection(("127.0.0.1", hub.port), timeout=10)
            stack.enter_context(connection)
            with suppress(OSError):  # it may be refused by then
                behaviour(connection)
            if number % 50 == 49:
                assert hub.answers_soon()
        assert hub.answers_soon()
        assert hub.resident_bytes() < LARGEST_BYTES


def test_a_flood_of_rubbish_is_few_lines_in_the_log(hub: Hub) -> None:
    for _ in range(1_000):
        with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as connection:
            connection.sendall(RUBBISH)
            assert connection.recv(1_000).startswith(b"HTTP/1.1 400 ")

    minutes = 1 + int(time.time() - hub.log.stat().st_ctime) // 60  # of which each has its lines
    assert len(hub.log.read_text().splitlines()) < 4 * (LINES + 1) * (1 + minutes)
