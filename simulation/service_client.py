"""What the hub and the nodes have in common over REST, and how a call is repeated."""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from shared.problems import Problem
from simulation.errors import ServiceRefusedError, ServiceUnreachableError, ServiceUnreadableError

API = "/api/v1"
TIMEOUT_SECONDS = 120.0
RETRY_SECONDS = (0.2, 0.2, 0.2, 0.4, 0.5, 0.5, 1.0, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0)
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
        retry_seconds: Pauses between attempts.
    """

    def __init__(
        self,
        name: str,
        http: httpx.Client,
        *,
        check: Callable[[], None] = lambda: None,
        retry_seconds: Sequence[float] = RETRY_SECONDS,
    ) -> None:
        self.name = name
        self._http = http
        self._check = check
        self._retry_seconds = retry_seconds

    def wait_until_healthy(self) -> None:
        """Return once the service answers."""
        self.send("GET", "/healthz")

    def versions(self) -> dict[str, str]:
        """Return the versions of the service's code and libraries, by name."""
        try:
            answer = self.send("GET", "/version").json()
        except ValueError as error:
            raise self._unreadable("an answer that is not JSON") from error
        if not isinstance(answer, dict):
            raise self._unreadable("JSON that is no object")
        return {str(name): str(version) for name, version in answer.items()}

    def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Send a request and return the answer, which is no refusal."""
        response = self._answered(method, path, **content)
        if response.is_error:
            raise ServiceRefusedError(self.name, self.parsed(Problem, response))
        return response

    def parsed(self, body: type[Body], response: httpx.Response) -> Body:
        """Return an answer's body; fields that a newer service may add are passed over."""
        try:
            return body.model_validate_json(response.content, extra="ignore")
        except ValidationError as error:
            what = f"HTTP {response.status_code} without a readable {body.__name__}"
            raise self._unreadable(what) from error

    def _answered(self, method: str, path: str, **content: Any) -> httpx.Response:
        for pause in self._retry_seconds:
            try:
                return self._http.request(method, API + path, **content)
            except httpx.RequestError:
                self._check()
                time.sleep(pause)
        try:
            return self._http.request(method, API + path, **content)
        except httpx.RequestError as error:
            self._check()
            url = str(self._http.base_url).rstrip("/")
            raise ServiceUnreachableError(
                f"no answer from {self.name} at {url} to {method} {path}: {error}"
            ) from error

    def _unreadable(self, what: str) -> ServiceUnreadableError:
        return ServiceUnreadableError(f"{self.name} answered with {what}")


def http_client(url: str, token: str | None) -> httpx.Client:
    """Return a client for a service; one on this machine is never reached through a proxy."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(
        base_url=url,
        headers=headers,
        timeout=TIMEOUT_SECONDS,
        trust_env=urlsplit(url).hostname not in LOOPBACK,
    )
