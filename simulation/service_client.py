"""What the hub and the nodes have in common over REST, and how a call is repeated."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from shared import bounded_http
from shared.bounded_http import body_of, opened
from shared.budgets import Budget, UnreadableAnswerError
from shared.connection_words import why_no_answer
from shared.problems import Problem
from shared.repeats import Answer, Attempts, Patience, repeated
from simulation.errors import ServiceRefusedError, ServiceUnreachableError, ServiceUnreadableError
from simulation.silence import SILENT_SECONDS, Say, told_when_silent

API = "/api/v1"
TIMEOUT_SECONDS = 120.0
LARGEST_ANSWER_BYTES = 64 << 20
PATIENT = Patience(
    (0.2, 0.2, 0.2, 0.4, 0.5, 0.5, 1.0, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0),
)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

Body = TypeVar("Body", bound=BaseModel)


class ServiceClient:
    """Calls to one service.

    A call that gets no answer is repeated for a while: every call here is harmless when repeated.
    Every method raises `ServiceUnreachableError`, `ServiceUnreadableError` or
    `ServiceRefusedError`.

    Args:
        name: What messages call the service.
        check: Called before a call is repeated; may raise what it knows of the service's end.
        patience: Pauses between attempts.
        attempt_seconds: The whole of one attempt.
        say: Is told when the service does not answer.
        silent_seconds: After so long without an answer.
    """

    def __init__(
        self,
        name: str,
        http: httpx.Client,
        *,
        check: Callable[[], None] = lambda: None,
        patience: Patience = PATIENT,
        attempt_seconds: float = TIMEOUT_SECONDS,
        say: Say = lambda _: None,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self.name = name
        self._http = http
        self._check = check
        self._patience = patience
        self._attempt_seconds = attempt_seconds
        self._say, self._silent_seconds = say, silent_seconds

    def wait_until_healthy(self) -> None:
        """Return once the service answers."""
        self.send("GET", "/healthz")

    def versions(self) -> dict[str, str]:
        """Return the versions of the service's code and libraries, by name."""
        try:
            answer = json.loads(self.send("GET", "/version").body)
        except ValueError as error:
            raise self._unreadable("an answer that is not JSON") from error
        if not isinstance(answer, dict):
            raise self._unreadable("JSON that is no object")
        return {str(name): str(version) for name, version in answer.items()}

    def send(self, method: str, path: str, **content: Any) -> Answer:
        """Send a request and return the answer, which is no refusal."""
        answer = self._answered(method, path, **content)
        if httpx.codes.is_error(answer.status):
            raise ServiceRefusedError(self._place, self.parsed(Problem, answer))
        if not httpx.codes.is_success(answer.status):
            raise self._unreadable(f"HTTP {answer.status}, which leads elsewhere")
        return answer

    def parsed(self, body: type[Body], answer: Answer) -> Body:
        """Return an answer's body; fields that a newer service may add are passed over."""
        try:
            return body.model_validate_json(answer.body, extra="ignore")
        except ValidationError as error:
            what = f"HTTP {answer.status} without a readable {body.__name__}"
            raise self._unreadable(what) from error

    def _answered(self, method: str, path: str, **content: Any) -> Answer:
        def ask() -> Answer:
            with opened(
                self._http,
                method,
                API + path,
                budget=Budget(self._attempt_seconds),
                most_bytes=LARGEST_ANSWER_BYTES,
                **content,
            ) as response:
                return Answer(response.status_code, body_of(response, LARGEST_ANSWER_BYTES))

        try:
            with self._told_when_silent():
                return repeated(ask, Attempts(self._patience, check=self._check))
        except UnreadableAnswerError as error:
            raise self._unreadable(str(error)) from error
        except httpx.RequestError as error:
            raise ServiceUnreachableError(
                f"no answer from {self._place} to {method} {path}: {why_no_answer(error)}"
            ) from error

    def _told_when_silent(self) -> AbstractContextManager[None]:
        return told_when_silent(
            self._place,
            self._say,
            longest_seconds=self._attempt_seconds + sum(self._patience.pauses),
            after_seconds=self._silent_seconds,
        )

    @property
    def _place(self) -> str:
        return f"{self.name} at {str(self._http.base_url).rstrip('/')}"

    def _unreadable(self, what: str) -> ServiceUnreadableError:
        return ServiceUnreadableError(f"{self.name} answered with {what}")


def http_client(url: str, token: str | None, *, allow_unencrypted: bool = False) -> httpx.Client:
    """Return a client for a service; one on this machine is never reached through a proxy."""
    return bounded_http.http_client(
        url,
        token,
        timeout_seconds=TIMEOUT_SECONDS,
        allow_unencrypted=allow_unencrypted,
        trust_env=urlsplit(url).hostname not in LOOPBACK,
    )
