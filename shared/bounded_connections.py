"""Connections that keep to the budget of the exchange which they serve."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from shared.budgets import current
from shared.proxies import proxy_for

WRITE_BYTES = 1 << 16


class BoundedTransport(httpx.BaseTransport):
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
        exchange = current.get()
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
    exchange = current.get()
    if exchange is None:
        yield timeout
        return
    left = exchange.budget.left()
    try:
        yield left if timeout is None else min(left, timeout)
    except httpcore.TimeoutException:
        exchange.budget.left()
        raise
