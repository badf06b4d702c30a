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

    `str(error)` is one sentence: what, with which value, against which expectation. An error says
    what it is in its class line; what is left out there is its parent's, but for the status:

        class BadImageError(NodeError, code="GS-3102", title="Image unreadable", hint="..."):
    """

    code: ClassVar[str] = "GS-0001"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    hint: str = "Look for the request id in the service's log."
    retry_after_seconds: int | None = None  # when it makes sense to ask again, where that is known

    def __init__(self, *sentence: object, hint: str | None = None) -> None:
        """Make an error of a sentence.

        Args:
            hint: What to do in this case, where what helps elsewhere does not fit.
        """
        super().__init__(*sentence)
        if hint is not None:
            self.hint = hint

    def __init_subclass__(
        cls,
        *,
        code: str,
        title: str | None = None,
        hint: str | None = None,
        status: int = 422,
    ) -> None:
        """Set what every error of a class has in common."""
        super().__init_subclass__()
        cls.code, cls.status = code, status
        cls.title, cls.hint = title or cls.title, hint or cls.hint
