"""Wrong requests for every route of a service, made from the service's own OpenAPI description."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.problems import Problem

SECRET = "patient-7"
SOME_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "POST", "PATCH", "DELETE", "BREW")
ODD_PARTS = (
    "%2e%2e",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%00",
    "%20",
    "%C3%A9%F0%9F%98%80",
    "%ed%a0%80",
    "%0d%0aX:%20y",
    "-1",
    "9" * 30,
    "x" * 300,
)
BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"{}",
    b"<a/>",
    b"\xff",
    b"9" * 5000,
    b"[" * 100_000,
    b" " * 1_000_001,
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"\\ud800": 1}',
    b'{"name": "\\ud800", "digests": ["\\u0000"]}',
    json.dumps({"k" * 100_000: SECRET}).encode(),
    json.dumps({f"k{number}": SECRET for number in range(2_000)}).encode(),
    json.dumps({"digests": [SECRET] * 900, "files": [SECRET] * 900}).encode(),
    json.dumps({"kind": SECRET, "format": SECRET, "centre": SECRET, "name": SECRET}).encode(),
)
HEADERS = {
    "Accept": ("image/png", ""),
    "Authorization": ("", "Basic eA==", "Bearer", "Bearer \xff"),
    "Content-Type": ("text/plain", "garbage", "multipart/form-data", "application/json; charset=x"),
    "Host": ("[", "a b", ""),
    "Idempotency-Key": ("", "k" * 201, "\xff"),
    "If-None-Match": ("", "\xff", '"' * 50),
    "If-Range": ("garbage",),
    "Last-Event-ID": ("", "abc", "-1", "1e9", "9" * 5000),
    "Range": ("", "garbage", "bytes=", "bytes=5-2", "bytes=-0", "bytes=9999999-", "items=0-1"),
}
QUERIES = ("limit=0", "limit=-1", "limit=1e9", "limit=abc", "cursor=x", "kind=%ff", "%00=1")


@dataclass(frozen=True)
class WrongRequest:
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None

    def send(self, http: httpx.Client) -> httpx.Response:
        headers = [(name.encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        return http.request(self.method, self.path, headers=headers, content=self.content)


def wrong_requests(api: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[WrongRequest]:
    """Yield requests of which each is wrong in one way, or would be on some route.

    Args:
        known: Parts of paths that are right, by the name that they have in the description.
    """
    for template, operations in api["paths"].items():
        path = template.format(**known)
        for method in SOME_METHODS:
            yield WrongRequest(method, path, {"Authorization": "Bearer wrong"})
            if method.lower() not in operations:
                yield WrongRequest(method, path)
        for method in map(str.upper, operations):
            body = b"{}" if method in {"POST", "PUT"} else None
            for name in (name for name in known if f"{{{name}}}" in template):
                for odd in ODD_PARTS:
                    yield WrongRequest(method, template.format(**{**known, name: odd}))
            for name, values in HEADERS.items():
                for value in values:
                    yield WrongRequest(method, path, {name: value}, body)
            for query in () if body else QUERIES:
                yield WrongRequest(method, f"{path}?{query}")
            for content in BODIES if body else ():
                yield WrongRequest(method, path, {"Content-Type": "application/json"}, content)


def faults(answer: httpx.Response, *hidden: str) -> list[str]:
    """Return what is wrong with an answer; a refusal must be a problem that tells no secret."""
    found = [f"it tells {text}" for text in (SECRET, "Traceback", *hidden) if text in answer.text]
    if answer.status_code >= 500:
        found.append(f"it is {answer.status_code}")
    if answer.status_code < 400:
        return found
    if answer.headers["Content-Type"] != "application/problem+json":
        return [*found, f"it is {answer.headers['Content-Type']}"]
    if answer.request.method == "HEAD":
        return found
    problem = Problem.model_validate_json(answer.content)
    if (problem.status, problem.request_id) != (
        answer.status_code,
        answer.headers["X-Request-Id"],
    ):
        found.append("status or request id differ from the header's")
    if not (problem.code.startswith("GS-") and problem.hint and problem.detail):
        found.append("it has no code, hint or detail")
    if len(problem.detail) > 2000:
        found.append(f"its detail has {len(problem.detail)} characters")
    return found
