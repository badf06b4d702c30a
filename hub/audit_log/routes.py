"""HTTP routes of the audit log."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from hub.audit_log.events import Action, Entry, Who
from hub.audit_log.fetchers import Fetchers
from hub.audit_log.store import LogFilter, LogStore
from hub.errors import ForeignCentreError, NoSuchEntryError
from shared.access import CallerDep, GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.models import LARGEST_COUNT, StrictModel
from shared.names import Digest, Name
from shared.records import CentreFetches, LogHead

router = APIRouter(
    tags=["audit log"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.ADMINISTRATOR, Role.CENTRE)],
)


async def _log(request: Request) -> LogStore:
    log: LogStore = request.app.state.log
    return log


LogDep = Annotated[LogStore, Depends(_log)]


async def _fetchers(request: Request) -> Fetchers:
    fetchers: Fetchers = request.app.state.fetchers
    return fetchers


class LogItem(StrictModel):
    """An entry, and the SHA-256 of its canonical JSON."""

    entry: Entry
    sha256: Digest


class LogPage(StrictModel):
    """A page of entries, newest first. `next_cursor` is None on the last page."""

    items: tuple[LogItem, ...]
    next_cursor: int | None


class LogListing(StrictModel):
    """Which entries to list, and where to go on."""

    action: Action | None = None
    caller: Who | None = None
    centre: Name | None = None
    name: Name | None = None
    cursor: int | None = Field(None, ge=1, le=LARGEST_COUNT)
    limit: int = Field(50, ge=1, le=200)


@router.get(
    "/log",
    response_model=LogPage,
    dependencies=[requires(Role.ADMINISTRATOR, purpose="read the audit log")],
)
def list_entries(log: LogDep, asked: Annotated[LogListing, Query()]) -> Response:
    """List what happened, newest first. Needs the administrator's token."""
    wanted = LogFilter(asked.action, asked.caller, asked.centre, asked.name)
    page, _ = log.page(wanted, cursor=asked.cursor, limit=asked.limit)
    return Response(page, media_type="application/json")


@router.get("/log/head")
def read_head(log: LogDep) -> LogHead:
    """Return the newest entry's number and SHA-256, which stands for the whole log up to it.

    Whoever keeps it can ask later whether that entry is still the same, and so notices a log that
    was rewritten or shortened.
    """
    return log.head()


@router.get("/log/entries/{number}/digest", responses=problems(NoSuchEntryError))
def read_digest(number: Annotated[int, Path(ge=1, le=LARGEST_COUNT)], log: LogDep) -> LogHead:
    """Return the SHA-256 of one entry, to compare with a head that was kept."""
    found = log.digest(number)
    if found is None:
        raise NoSuchEntryError(f"the audit log has no entry {number}")
    return found


@router.get("/centres/{centre}/fetches", responses=problems(ForeignCentreError))
def list_fetches(
    centre: Name, caller: CallerDep, fetchers: Annotated[Fetchers, Depends(_fetchers)]
) -> CentreFetches:
    """List who fetched weights of a centre's generators; a centre sees those of its own alone.

    One entry for each version and caller, the latest first, with the first and the last time.
    """
    return fetchers.of_centre(centre, caller=caller)
