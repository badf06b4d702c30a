"""HTTP/1.1 whose other side can neither hold an exchange up nor swell it.

httpx's timeouts count from byte to byte: who sends one byte a minute is waited for without an end.
Here a budget of time stands over the whole exchange, from the first look-up to the last byte, and
an answer is of one encoding, leads nowhere else, and is cut off where it is longer than it may be.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

from shared.proxies import proxy_for
from shared.safe_text import shown

CONNECT_SECONDS = 10.0
HEADER_BYTES = 256 << 10  # interim answers included
BYTES_PER_BODY_BYTE = 2  # on the wire, where a body comes in chunks
READ_BYTES = 1 << 20
WRITE_BYTES = 1 << 16


class TooSlowError(httpx.TransportError):
    """The other side took longer than it may."""


class UnreadableAnswerError(httpx.TransportError):
    """The other side sends more than it may, or in an encoding that was not asked for."""


class Budget:
    """How long an exchange may take, however it is spread over answers and attempts.

    Args:
        seconds: Of the whole exchange; or, with `per_bytes`, until so many have moved, again and
            again: something large may take long, as long as it moves.
    """

    def __init__(
        self,
        seconds: float,
        *,
        per_bytes: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._per_bytes, self._clock = seconds, per_bytes, clock
        self._until, self._moved = clock() + seconds, 0

    def left(self) -> float:
        """Return how many seconds are left.

        Raises:
            TooSlowError: None.
        """
        left = self._until - self._clock()
        if left > 0:
            return left
        if self._per_bytes is None:
            raise TooSlowError(f"the whole of it took longer than {self._seconds:g} s")
        raise TooSlowError(f"fewer than {self._per_bytes} bytes came in {self._seconds:g} s")

    def moved(self, count: int) -> None:
        """Note that so many bytes of content were sent or received."""
        self._moved += count
        if self._per_bytes is not None and self._moved >= self._per_bytes:
            self._until, self._moved = self._clock() + self._seconds, 0


@dataclass
class _Exchange:
    """What the connection may still do for the request in progress."""

    budget: Budget
    room_bytes: int = HEADER_BYTES
    read_bytes: int = 0

    def answered(self, most_bytes: int) -> None:
        """Make room for a body, whose head is there."""
        self.room_bytes += BYTES_PER_BODY_BYTE * most_bytes
        self.read_bytes = READ_BYTES

    def received(self, count: int) -> None:
        self.room_bytes -= count
        if self.room_bytes < 0:
            raise UnreadableAnswerError("the answer has more headers or pieces than any has")


_current: ContextVar[_Exchange | None] = ContextVar("exchange", default=None)


def http_client(
    url: str, token: str | None, *, timeout_seconds: float, trust_env: bool = True
) -> httpx.Client:
    """Return a client of one service; it takes no cookies and follows no redirects.

    Args:
        timeout_seconds: The longest silence, beside the budget of an exchange.
        trust_env: Whether proxies and certificates that the environment names are used.

    Raises:
        httpx.InvalidURL: The URL is none.
    """
    return httpx.Client(
        base_url=url,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        transport=_Transport(httpx.URL(url), trust_env=trust_env),
    )


@contextmanager
def opened(
    http: httpx.Client, method: str, path: str, *, budget: Budget, most_bytes: int, **content: Any
) -> Iterator[httpx.Response]:
    """Send a request and yield the answer, whose body is to be read raw.

    Args:
        most_bytes: The longest body that may come.

    Raises:
        httpx.RequestError: There is none, or it is out of bounds.
    """
    headers = {"Accept-Encoding": "identity", **content.pop("headers", {})}
    exchange = _Exchange(budget)
    before = _current.set(exchange)
    try:
        with http.stream(method, path, headers=headers, **content) as response:
            exchange.answered(most_bytes)
            _check_plain(response)
            yield response
    finally:
        _current.reset(before)


def body_of(response: httpx.Response, most_bytes: int) -> bytes:
    """Return a body that is not read yet.

    Raises:
        UnreadableAnswerError: It is longer than `most_bytes`; no more than that was read.
    """
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > most_bytes:
            raise UnreadableAnswerError(
                f"HTTP {response.status_code} without an end: more than {most_bytes} bytes came"
            )
    return bytes(body)


def _check_plain(response: httpx.Response) -> None:
    encodings = response.headers.get("Content-Encoding", "identity")
    if encodings.strip().lower() != "identity":
        raise UnreadableAnswerError(
            f"HTTP {response.status_code} without the encoding that was asked for: identity, "
            f"not {shown(encodings, 80)}"
        )


class _Transport(httpx.BaseTransport):
    """Sends requests through connections that keep to the current budget."""

    def __init__(self, url: httpx.URL, *, trust_env: bool) -> None:
        proxy = proxy_for(url) if trust_env else None
        self._pool = httpcore.ConnectionPool(
            # Certificates are read for a hub that is reached with TLS alone: it takes a while.
            ssl_context=(
                httpx.create_ssl_context(trust_env=trust_env) if url.scheme == "https" else None
            ),
            proxy=proxy,
            network_backend=_Backend(),
            http2=False,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, not read yet."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        with _as_httpx():
            answer = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        assert isinstance(answer.stream, Iterable)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._stream

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Turn errors of httpcore into those of httpx, which have the same names."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        with _soonest(timeout) as soonest:
            return _Stream(
                self._inner.connect_tcp(host, port, soonest, local_address, socket_options)
            )


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = _current.get()
        if exchange is None:
            return self._inner.read(max_bytes, timeout)
        with _soonest(timeout) as soonest:
            data = self._inner.read(max(max_bytes, exchange.read_bytes), soonest)
        exchange.received(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), WRITE_BYTES):
            with _soonest(timeout) as soonest:
                self._inner.write(buffer[start : start + WRITE_BYTES], soonest)

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        with _soonest(timeout) as soonest:
            return _Stream(self._inner.start_tls(ssl_context, server_hostname, soonest))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()


@contextmanager
def _soonest(timeout: float | None) -> Iterator[float | None]:
    """Yield a timeout that ends no later than the budget; say so where it was the budget's."""
    exchange = _current.get()
    if exchange is None:
        yield timeout
        return
    left = exchange.budget.left()
    try:
        yield left if timeout is None else min(left, timeout)
    except httpcore.TimeoutException:
        exchange.budget.left()
        raise
