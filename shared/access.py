"""Who may call which route: closed by default, and asked before a request's body is read.

A route of a `GuardedRoute` router that does not say who may call it cannot be made, and
`check_guarded` refuses an app that has any other route.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Security
from fastapi.params import Depends as Dependency
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from shared.conditional_routes import ConditionalRoute

SHOWN_TO_ANYONE = {"/docs", "/openapi.json"}
"""How the service is asked; no data."""


class Role(StrEnum):
    """What a caller is to a service."""

    ADMINISTRATOR = "administrator"
    CENTRE = "centre"
    JOINING = "joining"
    STAFF = "staff"
    REVIEWER = "reviewer"
    READER = "reader"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes:
        address: Where the connection comes from, where that is told.
    """

    name: str
    role: Role
    address: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of a request before its body: what a service decides by.

    Attributes:
        authorization: The header, if there is one.
        address: Where the connection comes from.
        roles: Who may call the route.
        purpose: What those may do there, in words.
    """

    authorization: str | None
    address: str
    roles: frozenset[Role]
    purpose: str


Admit = Callable[[Call], Caller]
"""Returns who calls, or raises the service's error for one who may not."""


class Requirement:
    """Says which roles may call a route."""

    def __init__(self, roles: frozenset[Role], purpose: str) -> None:
        self.roles = roles
        self.purpose = purpose

    async def __call__(
        self,
        _token: Annotated[
            HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False))
        ],
    ) -> None:
        """Do nothing: the route asks before its body is read; this describes it in the API."""


class Open:
    """Says that anyone may call a route."""

    async def __call__(self) -> None:
        """Do nothing."""


def requires(*roles: Role, purpose: str = "do this") -> Dependency:
    """Return the dependency of a router, or of a route, that these roles may call.

    What a router requires and what its route requires must both hold.
    """
    dependency: Dependency = Depends(Requirement(frozenset(roles), purpose))
    return dependency


def open_to_anyone() -> Dependency:
    """Return the dependency of a route that needs no token."""
    dependency: Dependency = Depends(Open())
    return dependency


class GuardedRoute(ConditionalRoute):
    """A route that knows who may call it, and asks before anything of the body is read."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        declared = [dependency.dependency for dependency in self.dependencies]
        required = [item for item in declared if isinstance(item, Requirement)]
        if bool(required) == any(isinstance(item, Open) for item in declared):
            raise TypeError(f"{path} must either require roles or be open to anyone")
        self.roles: frozenset[Role] | None = None
        if required:
            self.roles = frozenset.intersection(*(item.roles for item in required))
            self.purpose = required[-1].purpose

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what handles a request: it is admitted first."""
        handle = super().get_route_handler()

        async def handle_admitted(request: Request) -> Response:
            request.state.route = self.path
            if self.roles is not None:
                request.state.caller = await self._admit(request, self.roles)
            return await handle(request)

        return handle_admitted

    def _admit(self, request: Request, roles: frozenset[Role]) -> Awaitable[Caller]:
        call = Call(
            authorization=request.headers.get("Authorization"),
            address=request.client.host if request.client else "",
            roles=roles,
            purpose=self.purpose,
        )
        return run_in_threadpool(request.app.state.admit, call)


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


CallerDep = Annotated[Caller, Depends(_caller)]
"""Who calls a guarded route."""


def guard(app: FastAPI, admit: Admit) -> None:
    """Ask `admit` about every call; to be called when the app has its routes.

    Raises:
        TypeError: A route does not say who may call it.
    """
    unguarded = [path for path, route in routes_of(app) if not isinstance(route, GuardedRoute)]
    if left_open := set(unguarded) - SHOWN_TO_ANYONE:
        raise TypeError(f"nothing guards {', '.join(sorted(left_open))}")
    app.state.admit = admit


def routes_of(app: FastAPI) -> Sequence[tuple[str, object]]:
    """Return every route of an app with its whole path."""
    return [
        (str(context.path), context.original_route) for context in iter_route_contexts(app.routes)
    ]
