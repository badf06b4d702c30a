"""Renders every error of a service as `application/problem+json` with a request id."""

import logging
import re
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DatabaseError, IntegrityError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import DatabaseUnavailableError
from shared.files import is_full_disk
from shared.problems import GenshareError, Problem

log = logging.getLogger(__name__)

UNREADABLE = "There was an error parsing the body"  # so says the framework
SEE_PAGE = "See the service's API page at /docs."
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MOST_FAULTS = 10
LONGEST_PLACE = 120
ASKED_AGAIN = re.compile(r"/(healthz|readyz|jobs/[^/]+)$")


def add_problem_handlers(app: FastAPI) -> None:
    """Give `app` request ids and one way to say what went wrong."""
    app.add_middleware(RequestIds)
    app.add_exception_handler(GenshareError, _render)
    app.add_exception_handler(RequestValidationError, _render_invalid)
    app.add_exception_handler(HTTPException, _render_http)
    app.add_exception_handler(ClientDisconnect, _render_broken_off)
    app.add_exception_handler(DatabaseError, _render_database)
    app.add_exception_handler(Exception, _render_unexpected)


class RequestIds:
    """Gives every request an id, found in `X-Request-Id`, in problems and in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; log one line with its method, path and status.

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
                asks_again = scope["method"] == "GET" and ASKED_AGAIN.search(scope["path"])
                log.log(
                    logging.DEBUG if asks_again and message["status"] < 400 else logging.INFO,
                    "%s %s %s %s",
                    request_id,
                    scope["method"],
                    ascii(scope["path"]),
                    message["status"],
                )
            await send(message)

        await self._app(scope, receive, send_with_id)


def _problem(
    request: Request,
    *,
    status: int,
    title: str,
    detail: str,
    code: str,
    hint: str,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    request_id = getattr(request.state, "request_id", "")
    body = Problem(
        title=title, status=status, detail=detail, code=code, hint=hint, request_id=request_id
    )
    return JSONResponse(
        body.model_dump(),
        status_code=status,
        media_type="application/problem+json",
        headers={**({"WWW-Authenticate": "Bearer"} if status == 401 else {}), **(headers or {})},
    )


def _render(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, GenshareError)
    return _problem(
        request,
        status=error.status,
        title=error.title,
        detail=str(error),
        code=error.code,
        hint=error.hint,
    )


def _render_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    sent_as = request.headers.get("Content-Type", "")
    is_no_object = any(f["loc"] == ("body",) and f["type"] != "missing" for f in faults)
    if is_no_object and not _is_json(sent_as):
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


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def _fault(fault: Mapping[str, Any]) -> str:
    """Say where and why, never what was sent: the input may be sensitive."""
    if fault["type"] == "json_invalid":
        return f"body: no JSON, from character {fault['loc'][-1]} on"
    if fault["type"] == "union_tag_invalid":  # pydantic's own words repeat what was sent
        context = fault["ctx"]
        return f"{_place(fault)}: {context['discriminator']} must be {context['expected_tags']}"
    return f"{_place(fault)}: {fault['msg']}"


def _place(fault: Mapping[str, Any]) -> str:
    return _short(".".join(map(str, fault["loc"])))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_PLACE else f"{text[:LONGEST_PLACE]}..."


def _render_http(request: Request, error: Exception) -> JSONResponse:
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
    return [
        method
        for method in METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


def _render_broken_off(request: Request, error: Exception) -> JSONResponse:
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


def _render_database(request: Request, error: Exception) -> JSONResponse:
    """Tell the log why, and the caller that it is not the request's fault."""
    if isinstance(error, IntegrityError):  # what was written breaks a rule: unexpected
        raise error
    request_id = getattr(request.state, "request_id", "")
    log.error("%s the database cannot be used", request_id, exc_info=error)
    why = ": its disk is full" if is_full_disk(error) else ""
    return _render(request, DatabaseUnavailableError(f"the service's database cannot be used{why}"))


def _render_unexpected(request: Request, error: Exception) -> JSONResponse:
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
