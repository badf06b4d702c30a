"""Tells the log who was refused what."""

import logging
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError

from hub.audit_log.events import Action, Event
from hub.audit_log.store import LogStore
from hub.centres.callers import nobody
from hub.errors import AdministratorOnlyError
from shared.access import Caller
from shared.errors import ServiceDiskFullError, TooOftenError, WrongTokensError
from shared.files import is_full_disk
from shared.problem_handlers import problem_response
from shared.problems import GenshareError
from shared.rates import Rates

PER_MINUTE = 10
"""So many refusals of one caller are told, and those of callers without a name like one's."""

STATUSES = {401, 403, 409, 410, 413, 422, 429, 507}
NO_REFUSALS = (TooOftenError, ServiceDiskFullError)
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

log = logging.getLogger(__name__)


class Refusals:
    """Writes refusals down, so many a minute; the rest are counted in the next entry.

    Args:
        clock: Returns seconds.
        now: Returns the time in UTC.
    """

    def __init__(
        self, store: LogStore, *, clock: Callable[[], float], now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._now = now
        self._rates = Rates(PER_MINUTE, clock=clock)
        self._left_out: Counter[str] = Counter()
        self._lock = threading.Lock()

    def is_due(self, caller: Caller) -> bool:
        """Tell whether a refusal is to be written; if not, it is counted."""
        if not self._rates.take(caller.name):
            return True
        with self._lock:
            self._left_out[caller.name] += 1
        return False

    def tell(self, caller: Caller, error: GenshareError, what: str, about: dict[str, Any]) -> None:
        """Write down that a caller was refused.

        Nothing happened, so that a log which cannot be written makes no difference to the caller.

        Args:
            what: Method and route.
            about: Centre, name and version that were named, where any were.
        """
        with self._lock:
            left_out = self._left_out.pop(caller.name, 0)
        detail: dict[str, Any] = {"code": error.code, "reason": error.title, "route": what}
        if left_out:
            detail["left_out"] = left_out
        try:
            event = Event.of(caller, Action.REFUSED, **about, **detail)
            self._store.tell(event, at=self._now())
        except SQLAlchemyError as fault:
            lacks = "the audit log lacks that %s was refused (%s): %s"
            why = "its disk is full" if is_full_disk(fault) else "it cannot be written"
            log.error(lacks, caller.name, error.code, why)  # noqa: TRY400 (nothing more is known)
            with self._lock:
                self._left_out[caller.name] += left_out + 1


def add_refusals(app: FastAPI, refusals: Refusals, *, on_refusal: Callable[[str], None]) -> None:
    """Have the log told of what `app` refuses, before the caller is.

    Args:
        on_refusal: Given the code of each, also of those that are not written down.
    """

    async def told(request: Request, error: Exception) -> Response:
        assert isinstance(error, GenshareError)
        caller = _caller(request, error)
        if _is_refusal(request, error):
            on_refusal(error.code)
            if refusals.is_due(caller):
                what = f"{request.method} {getattr(request.state, 'route', '')}"
                await to_thread.run_sync(refusals.tell, caller, error, what, _about(request))
        return problem_response(request, error)

    app.add_exception_handler(GenshareError, told)


def _is_refusal(request: Request, error: GenshareError) -> bool:
    """Tell whether somebody was refused; who brings no token at all is only told to bring one."""
    if error.status == HTTPStatus.UNAUTHORIZED and "authorization" not in request.headers:
        return False
    if isinstance(error, WrongTokensError):
        return True
    return error.status in STATUSES and not isinstance(error, NO_REFUSALS)


def _caller(request: Request, error: GenshareError) -> Caller:
    if isinstance(error, AdministratorOnlyError):
        return error.caller
    address = request.client.host if request.client else ""
    caller: Caller = getattr(request.state, "caller", None) or nobody(address)
    return caller if caller.address else replace(caller, address=address)


def _about(request: Request) -> dict[str, Any]:
    """Return which generator the URL names; nobody has looked yet whether those are names."""
    named = {**request.query_params, **request.path_params}
    if not all(NAME.fullmatch(str(named.get(key, "a"))) for key in ("centre", "name")):
        return {}
    found = {key: named[key] for key in ("centre", "name") if key in named}
    version = str(named.get("version", ""))
    return found | ({"version": int(version)} if re.fullmatch(r"[1-9]\d{0,8}", version) else {})
