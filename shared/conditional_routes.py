"""Routes whose answers have an ETag, and are not sent to who has them."""

from collections.abc import Callable, Coroutine
from typing import Any

from anyio import to_thread
from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from shared.canonical import etag_of
from shared.preconditions import READING, is_known

HASHED_AT_ONCE_BYTES = 256 * 1024


class ConditionalRoute(APIRoute):
    """A route that gives every document it answers to a GET an ETag, and honours conditions.

    Files see to theirs themselves, and a stream has none.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what handles a request."""
        handle = super().get_route_handler()

        async def handle_on_condition(request: Request) -> Response:
            response = await handle(request)
            document = getattr(response, "body", None)  # files and streams have none
            if request.method not in READING or response.status_code != 200 or document is None:
                return response
            return await _on_condition(request, response, document)

        return handle_on_condition


async def _on_condition(request: Request, response: Response, document: bytes) -> Response:
    etag = response.headers.get("ETag")
    if etag is None:
        is_small = len(document) <= HASHED_AT_ONCE_BYTES
        etag = etag_of(document) if is_small else await to_thread.run_sync(etag_of, document)
        response.headers["ETag"] = etag
    if is_known(request.method, request.headers, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return response
