"""HTTP/1.1 whose other side can neither hold an exchange up nor swell it.

httpx's timeouts count from byte to byte: who sends one byte a minute is waited for without an end.
Here a budget of time stands over the whole exchange, from the first look-up to the last byte, and
an answer is of one encoding, leads nowhere else, and is cut off where it is longer than it may be.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from shared.bounded_connections import BoundedTransport
from shared.budgets import Budget, Exchange, UnreadableAnswerError, current
from shared.plain_http import check_encrypted
from shared.safe_text import shown

CONNECT_SECONDS = 10.0
SCHEMES = {"http", "https"}


def http_client(
    url: str,
    token: str | None,
    *,
    timeout_seconds: float,
    allow_unencrypted: bool = False,
    trust_env: bool = True,
) -> httpx.Client:
    """Return a client of one service; it takes no cookies and follows no redirects.

    Args:
        timeout_seconds: The longest silence, beside the budget of an exchange.
        allow_unencrypted: Whether the token may go to another machine over plain HTTP.
        trust_env: Whether proxies and certificates that the environment names are used.

    Raises:
        httpx.InvalidURL: The URL is none of HTTP.
        UnencryptedError: The token would go to another machine over plain HTTP.
    """
    if httpx.URL(url).scheme not in SCHEMES:
        raise httpx.InvalidURL("it must begin with http:// or https://")
    check_encrypted(httpx.URL(url), token, allowed=allow_unencrypted)
    return httpx.Client(
        base_url=url,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        transport=BoundedTransport(httpx.URL(url), trust_env=trust_env),
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
    exchange = Exchange(budget)
    before = current.set(exchange)
    try:
        with http.stream(method, path, headers=headers, **content) as response:
            exchange.answered(most_bytes)
            _check_plain(response)
            yield response
    finally:
        current.reset(before)


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
