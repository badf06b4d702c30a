"""Problems as they go over the wire, for refusals that no application sees."""

import uuid
from http import HTTPStatus

from shared.problems import Problem

NOT_HTTP = "Send a request of HTTP/1.1 as RFC 9112 says, encrypted only where the address is https."
HINTS = {400: NOT_HTTP, 501: NOT_HTTP}


def raw_problem(status: int, detail: str) -> bytes:
    """Return a whole HTTP/1.1 answer after which the connection is closed."""
    phrase = HTTPStatus(status).phrase
    problem = Problem(
        title=phrase,
        status=status,
        detail=detail,
        code="GS-0003",
        hint=HINTS.get(status, "Send less at once, or try again later."),
        request_id=uuid.uuid4().hex,
    )
    body = problem.model_dump_json().encode()
    head = (
        f"HTTP/1.1 {status} {phrase}\r\nContent-Type: application/problem+json\r\n"
        f"X-Request-Id: {problem.request_id}\r\nX-Content-Type-Options: nosniff\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
