"""RFC 9457 problem bodies and the errors that carry a numbered code.

Codes: GS-1xxx the hub, GS-2xxx packages and the way to the hub, GS-3xxx a centre node,
GS-4xxx a simulation. A code never changes its meaning.
"""

from typing import ClassVar

from shared.models import StrictModel


class Problem(StrictModel):
    """The body of every error response, `application/problem+json`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    hint: str
    request_id: str


class GenshareError(Exception):
    """Base of every error that a user or caller can be told about.

    `str(error)` is one sentence: what, with which value, against which expectation.
    """

    code: ClassVar[str] = "GS-0001"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    hint: ClassVar[str] = "Look for the request id in the service's log."
