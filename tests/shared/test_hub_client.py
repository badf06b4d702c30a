import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shared.errors import HubAddressError, HubUnreachableError, HubUnreadableError
from shared.hub_client import connect
from shared.hub_exchange import HubLimits
from shared.repeats import Patience

ONCE = HubLimits(patience=Patience(()))


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Serve one fixed answer to one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_a_hub_that_is_down_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(HubUnreachableError, match=rf"no answer from the hub at .*:{port} to GET"):
        connect(f"http://127.0.0.1:{port}", None, ONCE).version("centre-a", "masses", None)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\n<ul>",
        b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_an_answer_that_is_not_a_hubs_is_told(answer: bytes) -> None:
    with answering(answer) as url, pytest.raises(HubUnreadableError, match=r"HTTP \d+ without"):
        connect(url, None, ONCE).version("centre-a", "masses", 1)


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_a_connection_that_breaks_off_is_told(answer: bytes) -> None:
    with answering(answer) as url, pytest.raises(HubUnreachableError, match="no answer"):
        connect(url, None, ONCE).version("centre-a", "masses", 1)


@pytest.mark.parametrize("token", ["gsc_s3cret\r\n", "gsc_s3cret x", "gsc_s3crét"])
def test_a_token_that_cannot_be_sent_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(HubAddressError) as caught:
        connect("http://127.0.0.1:9", token)

    assert "s3cr" not in str(caught.value)


def test_a_url_that_is_none_is_named() -> None:
    with pytest.raises(HubAddressError, match=r"'http://\[::1' is no URL"):
        connect("http://[::1", None)


@pytest.mark.parametrize("url", ["", "127.0.0.1", "ftp://127.0.0.1", "ftp://me:secret@127.0.0.1"])
def test_a_url_without_http_reaches_no_hub(url: str) -> None:
    with pytest.raises(
        HubAddressError, match=r"no URL of a hub: it must begin with http:// or h"
    ) as caught:
        connect(url, None, ONCE)

    assert "secret" not in str(caught.value)
