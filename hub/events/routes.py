"""HTTP routes of events: a page at a time, or as a stream."""

import time
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event

from hub.errors import TooManyListenersError
from hub.events.service import Events
from shared.access import Caller, CallerDep, GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.events import GeneratorEvents
from shared.models import LARGEST_COUNT

STREAM = "text/event-stream"
POLL_SECONDS, KEEP_ALIVE_SECONDS, LONGEST_SECONDS = 1.0, 15.0, 600.0
"""A stream ends by itself, so that one whose token was taken away does not go on."""

ITEM = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string", "description": "Up to which number all was told."},
        "event": {"const": "generators"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/GeneratorEvents"},
        },
    },
}
router = APIRouter(
    tags=["life cycle"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.ADMINISTRATOR, Role.CENTRE)],
)


async def _events(request: Request) -> Events:
    events: Events = request.app.state.events
    return events


EventsDep = Annotated[Events, Depends(_events)]
Number = Annotated[int, Query(ge=0, le=LARGEST_COUNT)]


@router.get(
    "/events",
    response_model=GeneratorEvents,
    responses={
        200: {"content": {STREAM: {"itemSchema": ITEM}}},
        304: {"description": "Nothing has happened since"},
        412: {"description": "A condition of the request does not hold"},
        **problems(TooManyListenersError),
    },
)
async def read_events(
    caller: CallerDep,
    events: EventsDep,
    after: Number = 0,
    accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
    last_event_id: Annotated[int | None, Header(ge=0, le=LARGEST_COUNT)] = None,
) -> Response:
    """Tell what happened to generators after a number: published, changed, pointed at.

    Asked for `text/event-stream`, as a stream of such pages that goes on for ten minutes; a
    listener comes back with `Last-Event-ID`.
    """
    if STREAM not in accept:
        page = await to_thread.run_sync(events.after, after, caller)
        return Response(page.model_dump_json(), media_type="application/json")
    events.check_room(caller)
    begin = after if last_event_id is None else last_event_id
    return EventSourceResponse(
        _stream(events, caller, begin), headers={"Cache-Control": "no-store"}
    )


async def _stream(events: Events, caller: Caller, after: int) -> AsyncIterator[bytes]:
    """Yield pages with something in them, as they come."""
    begun = told = time.monotonic()
    with events.listening(caller):
        while (now := time.monotonic()) - begun < LONGEST_SECONDS:
            page = await to_thread.run_sync(events.after, after, caller)
            after = page.last
            if page.items:
                told = now
                yield format_sse_event(
                    event="generators", data_str=page.model_dump_json(), id=str(page.last)
                )
            elif now - told > KEEP_ALIVE_SECONDS:
                told = now
                yield KEEPALIVE_COMMENT
            if not page.more:
                await anyio.sleep(POLL_SECONDS)
