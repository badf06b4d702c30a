"""Conditional requests: what a caller has is not sent again, and what has changed is not replaced.

Source: RFC 9110, section 13; the order of the conditions is that of section 13.2.2.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Message

from shared.canonical import etag_of
from shared.errors import PreconditionFailedError

CONDITIONS = {"if-match", "if-none-match"}
"""Those that a change can have; documents have no date."""

READING = {"GET", "HEAD"}
CheckDocument = Callable[[Callable[[], str | None]], None]
"""Checks a request's conditions against a document that it can read; see `Conditions`."""

NOT_READABLE = {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.UNPROCESSABLE_ENTITY}
_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def is_known(
    method: str, headers: Headers, etag: str | None, *, modified: float | None = None
) -> bool:
    """Tell whether a caller has what it asks for, so that 304 is the answer.

    Args:
        etag: Of what there is now; None where there is nothing.
        modified: When that was written last, in Unix time, if that is known.

    Raises:
        PreconditionFailedError: A condition does not hold.
    """
    if_match = ", ".join(headers.getlist("if-match")) if "if-match" in headers else None
    since = _whole_seconds(modified)
    if if_match is not None:
        _require(_matches(if_match, etag, weakly=False), "If-Match", etag)
    elif since is not None and (date := _date(headers.get("if-unmodified-since"))):
        _require(since <= date, "If-Unmodified-Since", etag)
    if "if-none-match" in headers:
        tags = ", ".join(headers.getlist("if-none-match"))
        known = _matches(tags, etag, weakly=True)
        _require(not known or method in READING, "If-None-Match", etag)
        return known
    date = _date(headers.get("if-modified-since"))
    return method in READING and since is not None and date is not None and since <= date


def unconditional(_now: object) -> None:
    """Have no condition."""


class Conditions:
    """A request's conditions, for the step that changes what its path names.

    Between `check_conditions` and that step another request may change it.

    Raises:
        PreconditionFailedError: By both checks, when a condition does not hold.
    """

    def __init__(self, request: Request) -> None:
        self._method, self._headers = request.method, request.headers

    def check_etag(self, etag: str | None) -> None:
        """Check them against what there is now; None where there is nothing."""
        if CONDITIONS & set(self._headers):
            is_known(self._method, self._headers, etag)

    def check_document(self, read: Callable[[], str | None]) -> None:
        """Check them against a document, which is read only where there are any."""
        if CONDITIONS & set(self._headers):
            document = read()
            self.check_etag(None if document is None else etag_of(document.encode()))


async def check_conditions(request: Request) -> None:
    """Check the conditions of a request that changes what its path names, before its body is read.

    What is there now is what a GET or HEAD of the path answers; where neither can be asked, there
    is nothing that a condition could speak of.

    Raises:
        PreconditionFailedError: One does not hold.
    """
    if CONDITIONS & set(request.headers):
        status, etag = await _read_now(request)
        if status not in NOT_READABLE:
            is_known(request.method, request.headers, etag)


async def _read_now(request: Request) -> tuple[int, str | None]:
    """Return the status and the ETag that reading the path answers."""
    router, answered = request.app.router, dict[str, Message]()
    unconditional = [item for item in request.scope["headers"] if not item[0].startswith(b"if-")]
    scope = {**request.scope, "headers": unconditional, "method": "HEAD"}
    if not any(route.matches(scope)[0] is Match.FULL for route in router.routes):
        scope["method"] = "GET"

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def keep_start(message: Message) -> None:
        answered.setdefault(message["type"], message)

    try:
        await router(scope, receive, keep_start)
    except HTTPException as error:  # a path that answers to neither
        return error.status_code, None
    start = answered["http.response.start"]
    return start["status"], Headers(raw=start["headers"]).get("etag")


def _matches(tags: str, etag: str | None, *, weakly: bool) -> bool:
    if tags.strip() == "*":
        return etag is not None
    found = [(bool(weak), tag) for weak, tag in _TAG.findall(tags)]
    return any(tag == etag and (weakly or not weak) for weak, tag in found)


def _require(holds: bool, header: str, etag: str | None) -> None:
    if not holds:
        there = f"what is there has the ETag {etag}" if etag else "there is nothing yet"
        raise PreconditionFailedError(f"{header} does not hold: {there}")


def _whole_seconds(moment: float | None) -> datetime | None:
    """Return a time as an HTTP date tells it."""
    return None if moment is None else datetime.fromtimestamp(int(moment), UTC)


def _date(text: str | None) -> datetime | None:
    """Return an HTTP date; one that cannot be read is ignored, as the RFC says."""
    try:
        found = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
