"""What the server does for any application: room, files by the kernel, TLS, proxies."""

import os
import random
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shared.served_files import ServedFile
from shared.serving_settings import ServingSettings
from tests.certificates import encrypted_settings
from tests.hub_server import serving
from tests.waiting import wait_for

held: list[Request] = []
SIZE = 30_000_000  # more than the buffers of both sides hold


@pytest.fixture(scope="module")
def big_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "big"
    path.write_bytes(random.Random(1).randbytes(SIZE))
    return path


def application(file: Path) -> Starlette:
    async def hold(request: Request) -> Response:
        held.append(request)
        while (await request.receive())["type"] != "http.disconnect":
            pass
        return Response()

    return Starlette(
        routes=[
            Route("/file", lambda _request: ServedFile(file)),
            Route("/scheme", lambda request: PlainTextResponse(request.url.scheme)),
            Route("/hold", hold),
        ]
    )


@contextmanager
def connected(url: str, *, reads: int = 0) -> Iterator[socket.socket]:
    host, port = url.partition("//")[2].split(":")
    with socket.socket() as connection:
        if reads:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, reads)
        connection.settimeout(20)
        connection.connect((host, int(port)))
        yield connection


def ask(connection: socket.socket, path: str) -> None:
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


@pytest.mark.parametrize("asked", [None, slice(5_000_000, 25_000_000), slice(7, 8)])
def test_the_kernel_sends_a_file_and_parts_of_it(
    big_file: Path, monkeypatch: pytest.MonkeyPatch, asked: slice | None
) -> None:
    sent = 0
    by_kernel = os.sendfile

    def counted(*arguments: int) -> int:
        nonlocal sent
        sent += (count := by_kernel(*arguments))
        return count

    monkeypatch.setattr(os, "sendfile", counted)
    whole = big_file.read_bytes()
    headers = {} if asked is None else {"Range": f"bytes={asked.start}-{asked.stop - 1}"}
    with serving(application(big_file), ServingSettings()) as url, httpx.Client() as http:
        answers = [http.get(f"{url}/file", headers=headers) for _ in range(2)]

    for answer in answers:  # the connection stayed usable
        assert answer.status_code == (200 if asked is None else 206)
        assert answer.content == (whole if asked is None else whole[asked])
    assert sent == sum(len(answer.content) for answer in answers)


def test_an_empty_file_is_an_empty_answer(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with serving(application(tmp_path / "empty"), ServingSettings()) as url:
        assert httpx.get(f"{url}/file").content == b""


def test_ranges_in_other_units_are_ignored(big_file: Path) -> None:
    with serving(application(big_file), ServingSettings()) as url:
        for unit in ("items=0-1", "garbage"):
            assert httpx.get(f"{url}/file", headers={"Range": unit}).status_code == 200


@pytest.mark.slow
def test_a_reader_that_stops_is_cut_and_one_that_is_slow_is_not(
    big_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limits = ServingSettings(stall_seconds=0.6, least_bytes_per_second=100_000)
    with serving(application(big_file), limits) as url, ExitStack() as stack:
        stopped, slow = (stack.enter_context(connected(url, reads=65_536)) for _ in range(2))
        for reader in (stopped, slow):
            ask(reader, "/file")
        taken = 0
        for _ in range(40):  # about a MB/s for more than three windows
            taken += len(slow.recv(65_536))
            time.sleep(0.05)
        taken += sum(map(len, pieces(slow, SIZE - taken)))
        left_over = sum(map(len, pieces(stopped, SIZE)))

    assert taken >= SIZE
    assert left_over < SIZE
    assert not [line for line in caplog.records if line.exc_info]


def test_a_reader_that_leaves_is_no_fault(big_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serving(application(big_file), ServingSettings()) as url:
        for _ in range(5):
            with connected(url, reads=65_536) as leaving:
                ask(leaving, "/file")
                leaving.recv(100)
        assert httpx.get(f"{url}/scheme").text == "http"

    assert not [line for line in caplog.records if line.levelname == "ERROR"]


def test_idle_callers_make_room_for_one_who_asks(big_file: Path) -> None:
    limits = ServingSettings(max_connections=3)
    with serving(application(big_file), limits) as url, ExitStack() as stack:
        idle = [stack.enter_context(connected(url)) for _ in range(10)]
        assert httpx.get(f"{url}/scheme").status_code == 200
        ended = [connection for connection in idle if _has_ended(connection)]

    assert idle[: len(ended)] == ended  # who has waited longest goes first
    assert len(ended) == 8


def test_readers_that_stop_make_room_for_one_who_asks(big_file: Path) -> None:
    limits = ServingSettings(max_connections=3)
    with serving(application(big_file), limits) as url, ExitStack() as stack:
        for _ in range(3):
            reader = stack.enter_context(connected(url, reads=65_536))
            ask(reader, "/file")
            reader.recv(100)
        assert httpx.get(f"{url}/scheme").status_code == 200


def test_a_caller_is_turned_away_only_when_all_others_are_busy(big_file: Path) -> None:
    limits = ServingSettings(max_connections=2)
    with serving(application(big_file), limits) as url, ExitStack() as stack:
        busy = [stack.enter_context(connected(url)) for _ in range(2)]
        held.clear()
        for connection in busy:
            ask(connection, "/hold")
        wait_for(lambda: len(held) == 2)
        for _ in range(3):
            answer = b"".join(pieces(stack.enter_context(connected(url)), SIZE))
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"application/problem+json" in answer
        busy[0].close()
        wait_for(lambda: httpx.get(f"{url}/scheme").status_code == 200)


def test_nobody_says_how_a_caller_came_but_a_proxy_that_is_trusted(big_file: Path) -> None:
    said = {"X-Forwarded-Proto": "https"}
    for proxies, scheme in (("", "http"), ("10.1.2.3", "http"), ("127.0.0.0/8", "https")):
        with serving(application(big_file), ServingSettings(trusted_proxies=proxies)) as url:
            assert httpx.get(f"{url}/scheme", headers=said).text == scheme


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> ServingSettings:
    return encrypted_settings(tmp_path_factory.mktemp("tls"))


def test_files_come_whole_over_tls(big_file: Path, encrypted: ServingSettings) -> None:
    trusted = ssl.create_default_context(cafile=encrypted.tls_certificate)
    with (
        serving(application(big_file), encrypted) as url,
        httpx.Client(verify=trusted, base_url=url) as http,
    ):
        assert http.get("/scheme").text == "https"
        assert "Strict-Transport-Security" in http.get("/scheme").headers
        assert http.get("/file").content == big_file.read_bytes()
        part = http.get("/file", headers={"Range": "bytes=9-99999"})
        assert part.content == big_file.read_bytes()[9:100_000]


@pytest.mark.slow
def test_who_does_not_shake_hands_is_closed(
    big_file: Path, encrypted: ServingSettings, caplog: pytest.LogCaptureFixture
) -> None:
    limits = encrypted.model_copy(update={"max_connections": 4, "head_seconds": 1})
    trusted = ssl.create_default_context(cafile=encrypted.tls_certificate)
    with serving(application(big_file), limits) as url, ExitStack() as stack:
        silent = [stack.enter_context(connected(url)) for _ in range(20)]
        plain = stack.enter_context(connected(url))
        ask(plain, "/scheme")
        assert httpx.get(f"{url}/scheme", verify=trusted).status_code == 200
        for connection in (*silent, plain):
            assert b"HTTP" not in b"".join(pieces(connection, SIZE))

    assert not [line for line in caplog.records if line.levelname == "ERROR"]


def pieces(connection: socket.socket, most: int) -> Iterator[bytes]:
    """Yield what comes until the other side closes, or until there is enough."""
    came = 0
    with suppress(ConnectionResetError):
        while came < most and (piece := connection.recv(1_000_000)):
            came += len(piece)
            yield piece


def _has_ended(connection: socket.socket) -> bool:
    connection.settimeout(0.05)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
