"""A hub and hostile callers: each limit ends what it is for, and nothing else."""

import hashlib
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.hub_server import ADMIN_TOKEN, RunningHub, running_hub

LIMITS = {
    "idle_seconds": 0.4,
    "head_seconds": 0.4,
    "stall_seconds": 0.5,
    "least_bytes_per_second": 1_000,
    "max_head_bytes": 8_192,
}
HEALTH = b"GET /api/v1/healthz HTTP/1.1\r\nHost: hub\r\n\r\n"
MISSING = (
    "POST /api/v1/blobs/missing HTTP/1.1\r\nHost: hub\r\n"
    f"Authorization: Bearer {ADMIN_TOKEN}\r\nContent-Type: application/json\r\n"
)
LONGEST_SECONDS = 20  # no limit here needs a tenth of it, however busy the machine


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("hub"), **LIMITS) as running:
        yield running


@contextmanager
def caller(hub: RunningHub) -> Iterator[socket.socket]:
    host, port = hub.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=LONGEST_SECONDS) as connection:
        yield connection


def rest(connection: socket.socket) -> bytes:
    """Return what comes until the hub closes the connection."""
    came = b""
    try:
        while piece := connection.recv(65_536):
            came += piece
    except ConnectionResetError:
        pass
    return came


def dripped(connection: socket.socket, beginning: bytes, drop: bytes) -> bytes:
    """Send a beginning, then a drop now and then; return what comes until it is closed."""
    connection.sendall(beginning)
    connection.settimeout(0.05)
    for _ in range(20 * LONGEST_SECONDS):
        try:
            return connection.recv(65_536) or b"closed"
        except TimeoutError:
            with suppress(OSError):  # the hub has ended it; what it said before can still be read
                connection.sendall(drop)
        except OSError:
            return b"closed"
    raise TimeoutError("the hub never ended it")


def put(content: bytes, *headers: str, token: str = ADMIN_TOKEN) -> bytes:
    digest = hashlib.sha256(content).hexdigest()
    lines = [
        f"PUT /api/v1/blobs/{digest} HTTP/1.1",
        "Host: hub",
        f"Authorization: Bearer {token}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_connection_that_asks_nothing_is_closed(hub: RunningHub) -> None:
    with caller(hub) as silent, caller(hub) as content:
        content.sendall(HEALTH)

        assert rest(silent) == b""
        assert rest(content).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("beginning", "drop"),
    [
        (b"", b"x"),
        (HEALTH[:-2], b"X: y\r\n"),
        ((MISSING + "Content-Length: 900000\r\n\r\n").encode(), b" "),
        pytest.param(
            (MISSING + "Transfer-Encoding: chunked\r\n\r\n").encode(),
            b"1\r\n \r\n",
            marks=pytest.mark.slow,
        ),
        (put(b"x", "Content-Length: 1000000"), b"x"),
    ],
)
def test_a_request_that_drips_is_ended_with_a_408(
    hub: RunningHub, beginning: bytes, drop: bytes
) -> None:
    with caller(hub) as connection:
        assert dripped(connection, beginning, drop).startswith(b"HTTP/1.1 408 ")


@pytest.mark.slow
def test_an_upload_at_a_modest_rate_is_not_cut(hub: RunningHub) -> None:
    content = bytes(range(250)) * 40
    with caller(hub) as connection:
        connection.sendall(put(content, f"Content-Length: {len(content)}"))
        for begin in range(0, len(content), 500):  # 5 kB/s for four times the window
            connection.sendall(content[begin : begin + 500])
            time.sleep(0.1)

        assert connection.recv(65_536).startswith(b"HTTP/1.1 201 ")


@pytest.mark.slow
def test_a_transfer_has_an_end_at_any_rate(tmp_path: Path) -> None:
    with running_hub(tmp_path, **{**LIMITS, "request_seconds": 0.5}) as hub, caller(hub) as slow:
        answer = dripped(slow, put(b"x", "Content-Length: 1000000"), bytes(500))

        assert answer.startswith(b"HTTP/1.1 408 ")


def test_an_endless_body_is_refused_at_the_limit(hub: RunningHub) -> None:
    piece = b"1000\r\n" + bytes(4096) + b"\r\n"
    with caller(hub) as connection:
        connection.sendall((MISSING + "Transfer-Encoding: chunked\r\n\r\n").encode())
        sent = 0
        try:
            while sent < 200_000_000:
                connection.sendall(piece)
                sent += len(piece)
        except OSError:
            pass

        assert 1_000_000 < sent < 50_000_000
        assert rest(connection).startswith(b"HTTP/1.1 413 ")


def test_a_stranger_cannot_go_on_sending(hub: RunningHub) -> None:
    with caller(hub) as connection:
        connection.sendall(put(b"x", "Content-Length: 3000000000", token="wrong-token"))
        sent = 0
        try:
            while sent < 3_000_000_000:
                sent += connection.send(bytes(65_536))
        except OSError:
            pass

        assert sent < 100_000_000
        answer = rest(connection)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"connection: close" in answer.lower()


def test_a_body_is_asked_for_only_where_it_is_wanted(hub: RunningHub) -> None:
    wait = ("Expect: 100-continue", "Content-Length: 1")
    with caller(hub) as welcome:
        welcome.sendall(put(b"x", *wait))
        assert welcome.recv(65_536).startswith(b"HTTP/1.1 100 ")
        welcome.sendall(b"x")
        assert welcome.recv(65_536).startswith(b"HTTP/1.1 201 ")
    with caller(hub) as stranger:
        stranger.sendall(put(b"x", *wait, token="wrong-token"))
        assert rest(stranger).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("ends", [True, False])
def test_a_head_of_64_kb_is_refused(hub: RunningHub, ends: bool) -> None:
    head = HEALTH[:-2] + b"X: " + b"y" * 65_536 + (b"\r\n\r\n" if ends else b"")
    with caller(hub) as connection:
        connection.sendall(head)
        answer = rest(connection)

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"application/problem+json" in answer


def test_rubbish_after_a_request_gets_a_problem_and_the_end(hub: RunningHub) -> None:
    with caller(hub) as connection:
        connection.sendall(HEALTH + b"\x16\x03\x01 rubbish\r\n\r\n" + HEALTH)
        answers = rest(connection)

    assert answers.startswith(b"HTTP/1.1 200 ")
    assert answers.count(b"HTTP/1.1 200 ") == 1
    assert b"HTTP/1.1 400 " in answers
    assert b'"code":"GS-0003"' in answers


def test_rubbish_in_a_body_gets_a_problem(hub: RunningHub) -> None:
    with caller(hub) as connection:
        connection.sendall((MISSING + "Transfer-Encoding: chunked\r\n\r\nrubbish\r\n").encode())

        assert rest(connection).startswith(b"HTTP/1.1 400 ")


def test_requests_in_a_row_are_answered_in_turn(hub: RunningHub) -> None:
    with caller(hub) as connection:
        connection.sendall(HEALTH * 50)
        answers = rest(connection)

    assert answers.count(b"HTTP/1.1 200 ") == 50


@pytest.mark.parametrize("kind", ["at once", "waited for", "chunked"])
@pytest.mark.parametrize("last", [1, 3, 70_000])
def test_a_body_ends_where_it_says_and_what_follows_is_the_next_request(
    hub: RunningHub, kind: str, last: int
) -> None:
    content = HEALTH * 7_000  # which is no request as long as it is a body
    sent, kept_back = content, len(content) - last
    headers = [f"Content-Length: {len(content)}"]
    if kind == "chunked":
        sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
        headers = ["Transfer-Encoding: chunked"]
    if kind == "waited for":
        headers.append("Expect: 100-continue")
    with caller(hub) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(put(content, *headers))
        if kind == "waited for":
            assert connection.recv(65_536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(sent[:kept_back])
        time.sleep(0.05)  # or it may all come together
        connection.sendall(sent[kept_back:] + HEALTH + b"rubbish\r\n\r\n")
        answers = rest(connection)

    statuses = re.findall(rb"HTTP/1.1 ([0-9]{3}) ", answers)
    assert statuses == [b"201", b"200", b"400"]


def test_every_answer_tells_a_browser_what_it_may_do(hub: RunningHub) -> None:
    for path in ("/docs", "/api/v1/healthz", "/api/v1/generators", "/nowhere"):
        headers = httpx.get(hub.url + path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "Server" not in headers
        assert "Strict-Transport-Security" not in headers


def test_an_answer_that_ends_its_connection_says_so_once(hub: RunningHub) -> None:
    with caller(hub) as connection:
        connection.sendall(f"{MISSING}Content-Length: 2000000\r\n\r\n[".encode())
        head, _, _ = rest(connection).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 413 ")
    assert head.lower().count(b"connection: close") == 1
