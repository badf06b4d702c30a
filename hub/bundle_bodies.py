"""Signed bundles as bodies of requests and answers: kept and given as they were sent."""

from collections.abc import Callable
from typing import Any

from anyio import to_thread
from fastapi import Request, Response, status

from shared.api_answers import problems
from shared.json_bodies import JsonBody
from shared.problems import GenshareError
from signing.bundles import Bundle

BUNDLE = JsonBody[Bundle](Bundle)


def keeping_bundle(*errors: type[GenshareError]) -> dict[str, Any]:
    """Return what the API's description says of a route that answers with `keep_bundle`.

    Args:
        errors: What it may refuse with.
    """
    there_before = {"model": Bundle, "description": "It was there before"}
    return {
        "status_code": status.HTTP_201_CREATED,
        "response_model": Bundle,
        "responses": {200: there_before, **problems(*errors)},
        "openapi_extra": BUNDLE.described,
    }


async def keep_bundle(request: Request, keep: Callable[[bytes], bool]) -> Response:
    """Read a bundle, have it kept off the event loop, and answer with it.

    Args:
        keep: Tells whether it is new: 201, else 200.
    """
    await BUNDLE.read(request)
    content = await request.body()
    new = await to_thread.run_sync(keep, content)
    code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
    return Response(content, status_code=code, media_type="application/json")
