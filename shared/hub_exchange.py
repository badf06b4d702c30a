"""One exchange with the hub: sent again where that may help, bounded, and its errors made ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from shared.bounded_http import body_of, opened
from shared.budgets import Budget, UnreadableAnswerError
from shared.connection_words import why_no_answer
from shared.errors import (
    HubAddressError,
    HubRefusedError,
    HubUnreachableError,
    HubUnreadableError,
)
from shared.events import MOST_EVENTS, GeneratorEvents
from shared.packages import LARGEST_CARD_BYTES
from shared.problems import Problem
from shared.receipts import MOST_OF_A_PAGE, MOST_OF_A_VERSION, ReceiptPage, VersionReceipts
from shared.records import (
    MOST_FETCHES,
    BlobDigests,
    CallerIdentity,
    CentreFetches,
    CentreKey,
    CentreKeys,
    CentreToken,
    GeneratorPage,
    GeneratorVersion,
    LogHead,
)
from shared.repeats import Answer, Attempts, Patience, repeated
from shared.statements import LARGEST_STATEMENT_BYTES, AuditStatement
from shared.states import Alias, VersionState, VersionStates

API = "/api/v1"
JSON = {"Content-Type": "application/json"}
NOT_FOUND = 404
NO_SUCH_ROUTE = "GS-0003"
LARGEST_BUNDLE_BYTES = 1 << 20
CODES_OF_NODES = "GS-3"
A_HUBS_ADDRESS = "Give the hub's own address, and the hub's token: a node's opens nothing there."

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True)
class Bound:
    """The longest answer of a kind.

    Attributes:
        values: Of its JSON, the empty ones too: a short text can stand for many.
    """

    size_bytes: int
    values: int


PATIENT = Patience()
VALUES_OF_A_RECORD = 20_000
BOUNDS: dict[type[BaseModel], Bound] = {
    Problem: Bound(64 << 10, 100),
    CallerIdentity: Bound(64 << 10, 100),
    CentreToken: Bound(64 << 10, 100),
    BlobDigests: Bound(128 << 10, 1_100),
    CentreFetches: Bound(256 << 10, 10 * MOST_FETCHES),
    CentreKey: Bound(64 << 10, 1_000),
    CentreKeys: Bound(4 << 20, 10_000),
    LogHead: Bound(64 << 10, 100),
    GeneratorVersion: Bound(4 * LARGEST_CARD_BYTES, VALUES_OF_A_RECORD),
    AuditStatement: Bound(LARGEST_STATEMENT_BYTES, 2_000),
    GeneratorEvents: Bound(256 << 10, 12 * MOST_EVENTS),
    Alias: Bound(64 << 10, 500),
    VersionStates: Bound(16 << 20, 1_000_000),
    VersionState: Bound(128 << 10, 1_500),
    VersionReceipts: Bound(4 << 20, 40 * MOST_OF_A_VERSION),
    ReceiptPage: Bound(1 << 20, 40 * MOST_OF_A_PAGE),
    GeneratorPage: Bound(64 << 20, 50 * VALUES_OF_A_RECORD),
}


@dataclass(frozen=True)
class HubLimits:
    """How long a hub is waited for.

    Attributes:
        call_seconds: A whole call with all its attempts.
        silence_seconds: Between two bytes.
        moving_bytes: Of a package's files, at least so many must move in `moving_seconds`.
        listing_seconds: All pages of a list.
        patience: How often a call is made again.
    """

    call_seconds: float = 60.0
    silence_seconds: float = 60.0
    moving_bytes: int = 256 << 10
    moving_seconds: float = 60.0
    listing_seconds: float = 600.0
    patience: Patience = PATIENT

    def transfer(self) -> Budget:
        """Return the budget of a package's files."""
        return Budget(self.moving_seconds, per_bytes=self.moving_bytes)


class HubExchange:
    """Sends requests to one hub."""

    def __init__(self, http: httpx.Client, limits: HubLimits) -> None:
        self._http = http
        self.limits = limits

    def call(
        self,
        body: type[Body],
        method: str,
        path: str,
        *,
        harmless: bool = True,
        budget: Budget | None = None,
        **content: Any,
    ) -> Body:
        """Return the body of an answer that is no refusal."""
        found, _ = self.call_with_status(
            body, method, path, harmless=harmless, budget=budget, **content
        )
        return found

    def call_with_status(
        self,
        body: type[Body],
        method: str,
        path: str,
        *,
        harmless: bool = True,
        budget: Budget | None = None,
        **content: Any,
    ) -> tuple[Body, int]:
        """Return the body of an answer that is no refusal, and its status."""
        answer = self.answered(
            method,
            path,
            most_bytes=BOUNDS[body].size_bytes,
            harmless=harmless,
            budget=budget,
            **content,
        )
        return parsed(body, answer), answer.status

    def answered(
        self,
        method: str,
        path: str,
        *,
        most_bytes: int,
        harmless: bool = True,
        budget: Budget | None = None,
        **content: Any,
    ) -> Answer:
        """Return an answer that is no refusal."""
        budget = budget or Budget(self.limits.call_seconds)
        attempts = Attempts(self.limits.patience, budget)

        def ask() -> Answer:
            with self.opened(
                method, path, budget=budget, most_bytes=most_bytes, **content
            ) as response:
                return read(response, most_bytes)

        with self.named(method, path):
            answer = repeated(ask, attempts, harmless=harmless)
        check(answer, self.url)
        return answer

    def put_bundle(self, path: str, content: bytes) -> None:
        """Keep a signed bundle as it is; the same again changes nothing."""
        self.answered("PUT", path, most_bytes=LARGEST_BUNDLE_BYTES, content=content, headers=JSON)

    def bundle(self, path: str) -> bytes | None:
        """Return a signed bundle as it was sent, None if there is none."""
        try:
            return self.answered("GET", path, most_bytes=LARGEST_BUNDLE_BYTES).body
        except HubRefusedError as error:
            check_missing(error)
            return None

    @contextmanager
    def opened(
        self, method: str, path: str, *, budget: Budget, most_bytes: int, **content: Any
    ) -> Iterator[httpx.Response]:
        """Send a request once and yield its answer, whatever it says."""
        with opened(
            self._http, method, API + path, budget=budget, most_bytes=most_bytes, **content
        ) as response:
            yield response

    @contextmanager
    def named(self, method: str, path: str) -> Iterator[None]:
        """Turn what goes wrong on the way to the hub and back into our errors."""
        try:
            yield
        except UnreadableAnswerError as error:
            raise HubUnreadableError(str(error)) from error
        except httpx.RequestError as error:
            raise HubUnreachableError(
                f"no answer from the hub at {self.url} to {method} {path}: {why_no_answer(error)}"
            ) from error
        except UnicodeError as error:  # so says the name resolution of a host's name
            raise HubAddressError(f"{self.url!r} is no URL of a hub: {error}") from error

    @property
    def url(self) -> str:
        """The hub's address, without the password that it may hold."""
        return str(self._http.base_url.copy_with(userinfo=b"")).rstrip("/")


def version_path(record: GeneratorVersion | VersionState) -> str:
    """Return the path of a version at a hub."""
    return f"/generators/{record.centre}/{record.name}/versions/{record.version}"


def check_missing(error: HubRefusedError) -> None:
    """Raise what the hub refused, unless it says that there is nothing."""
    if error.problem.status != NOT_FOUND:
        raise error


def read(response: httpx.Response, most_bytes: int) -> Answer:
    """Return an answer that is not read yet; a refusal or a redirect may be short only."""
    most = most_bytes if response.is_success else BOUNDS[Problem].size_bytes
    return Answer(
        response.status_code,
        body_of(response, most),
        retry_after=response.headers.get("Retry-After"),
    )


def check(answer: Answer, url: str) -> None:
    """Check that an answer is neither a refusal nor a redirect.

    Args:
        url: Who gave it.

    Raises:
        HubRefusedError, HubUnreadableError: It is.
        HubAddressError: A centre node refuses, which was taken for a hub.
    """
    if httpx.codes.is_error(answer.status):
        refusal = HubRefusedError(parsed(Problem, answer))
        if refusal.problem.code.startswith(CODES_OF_NODES):
            raise HubAddressError(f"{url} is a centre node and no hub", hint=A_HUBS_ADDRESS)
        raise refusal
    if httpx.codes.is_redirect(answer.status):
        raise HubUnreadableError(
            f"HTTP {answer.status} without an answer: it leads elsewhere, where no token is sent; "
            "give the hub's own address"
        )
    if not httpx.codes.is_success(answer.status):
        raise HubUnreadableError(f"HTTP {answer.status} without an answer")


def parsed(body: type[Body], answer: Answer) -> Body:
    """Return an answer's body, of a kind in `BOUNDS`.

    Raises:
        HubUnreadableError: It is no such body, or one of too many values to be looked into.
    """
    values = sum(answer.body.count(mark) for mark in (b",", b"{", b"["))
    if values > BOUNDS[body].values:
        raise HubUnreadableError(
            f"HTTP {answer.status} without a readable {body.__name__}: {values} values, at most "
            f"{BOUNDS[body].values} are read"
        )
    try:
        return body.model_validate_json(answer.body)
    except ValidationError as error:
        message = f"HTTP {answer.status} without a readable {body.__name__}"
        raise HubUnreadableError(message) from error
