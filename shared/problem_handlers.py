"""Renders every error of a service as `application/problem+json` with a request id."""

import logging
import re
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DatabaseError, IntegrityError, InterfaceError, TimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import DatabaseUnavailableError, ServiceDiskFullError
from shared.files import is_full_disk
from shared.json_bodies import is_json
from shared.plain_words import plain_words, without_echoes
from shared.problems import GenshareError, Problem

log = logging.getLogger(__name__)

UNREADABLE = "There was an error parsing the body"  # so says the framework
SEE_PAGE = "See the service's API page at /docs."
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MOST_FAULTS = 10
LONGEST_PLACE = 120
ASKED_AGAIN = re.compile(r"/(healthz|readyz|jobs/[^/]+(/live)?)$")
ANSWERED_BEFORE_THE_BODY = {401, 403, 408, 412, 413, 421, 429, 507}

ShowProblem = Callable[[Request, Problem], Response | None]
"""Returns a problem as a page; None if it was not a page that was asked for."""


def add_problem_handlers(app: FastAPI) -> None:
    """Give `app` request ids and one way to say what went wrong."""
    app.add_middleware(RequestIds)
    app.add_exception_handler(GenshareError, problem_response)
    app.add_exception_handler(RequestValidationError, _render_invalid)
    app.add_exception_handler(HTTPException, _render_http)
    app.add_exception_handler(ClientDisconnect, _render_broken_off)
    for unusable in (DatabaseError, InterfaceError, TimeoutError):
        app.add_exception_handler(unusable, _render_database)
    app.add_exception_handler(Exception, _render_unexpected)


class RequestIds:
    """Gives every request an id, found in `X-Request-Id`, in problems and in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; log one line with its method, path, status, caller and address.

        Health checks and polls of a job that succeed would be nearly all of the log; they are no
        line of it unless it is turned up.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
                _tell(scope, message["status"])
            await send(message)

        await self._app(scope, receive, send_with_id)


def _tell(scope: Scope, status: int) -> None:
    """Write a line of the log about a request that is being answered."""
    caller = scope["state"].get("caller")
    told = {
        "request_id": scope["state"]["request_id"],
        "method": scope["method"],
        "path": ascii(scope["path"]),
        "status": status,
        "caller": "-" if caller is None else caller.name,
        "address": (scope.get("client") or ("-",))[0],
    }
    asks_again = scope["method"] == "GET" and ASKED_AGAIN.search(scope["path"])
    level = logging.DEBUG if asks_again and status < 400 else logging.INFO
    log.log(level, "%s %s %s %s %s %s", *told.values(), extra={"request": told})


def _problem(
    request: Request,
    *,
    status: int,
    title: str,
    detail: str,
    code: str,
    hint: str,
    headers: dict[str, str] | None = None,
) -> Response:
    request_id = getattr(request.state, "request_id", "")
    problem = Problem(
        title=title, status=status, detail=detail, code=code, hint=hint, request_id=request_id
    )
    response = _page(request, problem) or JSONResponse(
        problem.model_dump(), status_code=status, media_type="application/problem+json"
    )
    response.headers.update({**_standing_headers(request, status), **(headers or {})})
    return response


def _page(request: Request, problem: Problem) -> Response | None:
    """Return a problem as a page, where the service has pages and one was asked for."""
    show: ShowProblem = getattr(request.app.state, "problem_page", _no_page)
    return show(request, problem)


def _no_page(_request: Request, _problem: Problem) -> None:
    """Say that a service has no pages."""


def _standing_headers(request: Request, status: int) -> dict[str, str]:
    """Return what the status itself asks for; a body that nobody reads ends its connection."""
    challenge = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    has_body = {"content-length", "transfer-encoding"} & set(request.headers)
    unread = status in ANSWERED_BEFORE_THE_BODY and has_body
    return challenge | ({"Connection": "close"} if unread else {})


def problem_response(request: Request, error: Exception) -> Response:
    """Return the answer that tells of one of our errors."""
    assert isinstance(error, GenshareError)
    after = error.retry_after_seconds
    return _problem(
        request,
        status=error.status,
        title=error.title,
        detail=str(error),
        code=error.code,
        hint=error.hint,
        headers=None if after is None else {"Retry-After": str(after)},
    )


def _render_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = without_echoes(error.errors())
    sent_as = request.headers.get("Content-Type", "")
    is_no_object = any(f["loc"] == ("body",) and f["type"] != "missing" for f in faults)
    if is_no_object and not is_json(sent_as):
        return _problem(
            request,
            status=415,
            title="Not JSON",
            detail=f"the body was sent {f'as {_short(sent_as)}' if sent_as else 'as no type'}, "
            "but must be JSON",
            code="GS-0004",
            hint="Send the header `Content-Type: application/json`.",
        )
    more = len(faults) - MOST_FAULTS
    return _problem(
        request,
        status=422,
        title="Invalid request",
        detail="; ".join(map(_fault, faults[:MOST_FAULTS])) + (f"; {more} more" * (more > 0)),
        code="GS-0002",
        hint=SEE_PAGE,
    )


def _fault(fault: Mapping[str, Any]) -> str:
    """Say where and why, never what was sent: the input may be sensitive."""
    if fault["type"] == "json_invalid":
        return f"body: no JSON, from character {fault['loc'][-1]} on"
    return f"{_place(fault)}: {plain_words(fault)}"


def _place(fault: Mapping[str, Any]) -> str:
    return _short(".".join(map(str, fault["loc"])))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_PLACE else f"{text[:LONGEST_PLACE]}..."


def _render_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    detail = str(error.detail)
    if error.status_code == 404:
        detail = "there is nothing at this path"
    elif detail == UNREADABLE:
        detail = "the body cannot be read as JSON in UTF-8"
    elif error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request))
        detail = f"this path answers to {headers['Allow']} only"
    return _problem(
        request,
        status=error.status_code,
        title=HTTPStatus(error.status_code).phrase,
        detail=f"{_short(request.method)} {_short(request.scope['path'])}: {detail}",
        code="GS-0003",
        hint=SEE_PAGE,
        headers=headers,
    )


def _methods(request: Request) -> list[str]:
    """Return the methods of every route at a path; the framework tells those of the first only."""
    found = {
        method
        for method in METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    }
    if "GET" in found:
        found.add("HEAD")
    return [method for method in METHODS if method in found]


def _render_broken_off(request: Request, error: Exception) -> Response:
    """Answer into the void, so that a caller who left is no error of the service in its log."""
    assert isinstance(error, ClientDisconnect)
    return _problem(
        request,
        status=400,
        title="Request broken off",
        detail="the connection was closed before the whole body had come",
        code="GS-0005",
        hint="Send it again.",
    )


def _render_database(request: Request, error: Exception) -> Response:
    """Tell the log why, and the caller that it is not the request's fault."""
    if isinstance(error, IntegrityError):  # what was written breaks a rule: unexpected
        raise error
    request_id = getattr(request.state, "request_id", "")
    if is_full_disk(error):
        log.error("%s the database's disk is full", request_id)
        message = "the service's database cannot be written: its disk is full"
        return problem_response(request, ServiceDiskFullError(message))
    log.error("%s the database cannot be used", request_id, exc_info=error)
    error = DatabaseUnavailableError("the service's database cannot be used")
    return problem_response(request, error)


def _render_unexpected(request: Request, error: Exception) -> Response:
    request_id = getattr(request.state, "request_id", "")
    log.error("%s unexpected %s", request_id, type(error).__name__, exc_info=error)
    return _problem(
        request,
        status=GenshareError.status,
        title=GenshareError.title,
        detail=f"unexpected {type(error).__name__}",
        code=GenshareError.code,
        hint=GenshareError.hint,
        headers={"X-Request-Id": request_id},  # this answer bypasses `RequestIds`
    )
