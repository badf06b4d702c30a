import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat

import pytest

from shared.bounded_http import body_of, http_client, opened
from shared.budgets import Budget, TooSlowError, UnreadableAnswerError

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def recording(answer: bytes = ANSWER) -> Iterator[tuple[int, list[bytes]]]:
    """Give a port whose first connection is answered, and what came over it."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                came.append(connection.recv(65536))
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], came
        thread.join()


def asked(url: str, *, trust_env: bool = True, most_bytes: int = 10) -> bytes:
    with (
        http_client(url, None, timeout_seconds=5, trust_env=trust_env) as http,
        opened(http, "GET", "/x", budget=Budget(5), most_bytes=most_bytes) as response,
    ):
        return body_of(response, most_bytes)


def test_the_whole_of_a_call_has_its_seconds() -> None:
    now = [0.0]
    budget = Budget(60, clock=lambda: now[0])
    now[0] = 59.0
    budget.moved(10**9)
    assert budget.left() == 1.0

    now[0] = 60.0
    with pytest.raises(TooSlowError, match="the whole of it took longer than 60 s"):
        budget.left()


def test_what_moves_has_its_seconds_again_and_again() -> None:
    now = [0.0]
    budget = Budget(60, per_bytes=1000, clock=lambda: now[0])
    for start in range(0, 500, 50):
        now[0] = float(start)
        budget.moved(600)  # each other one is the thousandth
    assert budget.left() == 60.0

    budget.moved(999)
    now[0] += 60
    with pytest.raises(TooSlowError, match="fewer than 1000 bytes moved in 60 s"):
        budget.left()


def test_who_takes_nothing_in_is_given_up() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        http_client(
            f"http://127.0.0.1:{listener.getsockname()[1]}", None, timeout_seconds=60
        ) as http,
        pytest.raises(TooSlowError, match=r"fewer than 1000000000 bytes moved in 0\.2 s"),
        opened(
            http,
            "PUT",
            "/x",
            budget=Budget(0.2, per_bytes=10**9),
            most_bytes=10,
            content=repeat(bytes(1 << 20), 100),
        ),
    ):
        pass


def test_who_never_shakes_hands_is_given_up() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        http_client(
            f"https://127.0.0.1:{listener.getsockname()[1]}", None, timeout_seconds=60
        ) as http,
        pytest.raises(TooSlowError, match=r"took longer than 0\.2 s"),
        opened(http, "GET", "/x", budget=Budget(0.2), most_bytes=10),
    ):
        pass


def test_an_answer_of_the_allowed_size_is_read_and_none_that_is_larger() -> None:
    with recording() as (port, _):
        assert asked(f"http://127.0.0.1:{port}", most_bytes=2) == b"ok"
    with recording() as (port, _), pytest.raises(UnreadableAnswerError, match="than 1 bytes came"):
        asked(f"http://127.0.0.1:{port}", most_bytes=1)


@pytest.mark.parametrize("name", ["http_proxy", "all_proxy"])
def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with recording() as (port, came):
        monkeypatch.setenv(name, f"http://user:word@127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)

        assert asked("http://hub.invalid") == b"ok"

    assert came[0].startswith(b"GET http://hub.invalid/x HTTP/1.1\r\n")
    assert b"\r\nproxy-authorization: basic " in came[0].lower()


@pytest.mark.parametrize("excepted", ["127.0.0.1", "*", "localhost,127.0.0.1"])
def test_no_proxy_is_used_for_what_is_excepted(
    monkeypatch: pytest.MonkeyPatch, excepted: str
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:9")
    monkeypatch.setenv("no_proxy", excepted)
    with recording() as (port, came):
        assert asked(f"http://127.0.0.1:{port}") == b"ok"

    assert came[0].startswith(b"GET /x HTTP/1.1\r\n")


def test_a_service_of_this_machine_is_not_asked_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:9")
    with recording() as (port, _):
        assert asked(f"http://127.0.0.1:{port}", trust_env=False) == b"ok"
