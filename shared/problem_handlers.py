"""Renders every error of a service as `application/problem+json` with a request id."""

import logging
import uuid

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.problems import GenshareError, Problem

log = logging.getLogger(__name__)


def add_problem_handlers(app: FastAPI) -> None:
    """Give `app` request ids and one way to say what went wrong."""
    app.add_middleware(RequestIds)
    app.add_exception_handler(GenshareError, _render)
    app.add_exception_handler(RequestValidationError, _render_invalid)
    app.add_exception_handler(HTTPException, _render_http)
    app.add_exception_handler(Exception, _render_unexpected)


class RequestIds:
    """Gives every request an id, found in `X-Request-Id`, in problems and in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; log one line with its method, path and status."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
                log.info(
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
    # Says where and why, never what was sent: the input may be sensitive.
    detail = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return _problem(
        request,
        status=422,
        title="Invalid request",
        detail=detail,
        code="GS-0002",
        hint="See the service's API page at /docs.",
    )


def _render_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _problem(
        request,
        status=error.status_code,
        title=str(error.detail),
        detail=f"{request.method} {request.url.path}: {error.detail}",
        code="GS-0003",
        hint="See the service's API page at /docs.",
        headers=dict(error.headers or {}),
    )


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
