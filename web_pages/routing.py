"""Routes of pages: closed by default, as those of the API, but known by a session's cookie."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from shared.access import Caller, GuardedRoute, Role
from web_pages.cookies import session_of
from web_pages.errors import LoginNeededError, RoleMissingError
from web_pages.origins import check_origin


class PageRoute(GuardedRoute):
    """A route that a browser calls; who logged in with which role is asked before all else.

    A token of the API opens no page, and a session no route of the API, so that no page of another
    site can have a browser do what only a program may.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what handles a request: where a form comes from is looked at first."""
        handle = super().get_route_handler()

        async def handle_from_here(request: Request) -> Response:
            check_origin(request)
            return await handle(request)

        return handle_from_here

    def _admit(self, request: Request, roles: frozenset[Role]) -> Awaitable[Caller]:
        return run_in_threadpool(self._logged_in, request, roles)

    def _logged_in(self, request: Request, roles: frozenset[Role]) -> Caller:
        """Return who is logged in.

        Raises:
            LoginNeededError: Nobody is.
            RoleMissingError: Whoever is may not call this.
        """
        caller = logged_in(request)
        if caller is None:
            raise LoginNeededError("this page needs a login")
        if caller.role not in roles:
            raise RoleMissingError(f"{caller.name} cannot {self.purpose}")
        address = request.client.host if request.client else ""
        return replace(caller, address=address)


def logged_in(request: Request) -> Caller | None:
    """Return who a request's session is of, and note it for the page's frame."""
    session = session_of(request)
    caller = None if session is None else request.app.state.site.caller(session)
    request.state.caller = caller
    return caller
