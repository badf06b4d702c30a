"""Routes that tell whether a service lives and works; the same for the hub and for a node."""

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.params import Depends as Dependency
from sqlalchemy import Engine, text

from shared.access import GuardedRoute, open_to_anyone
from shared.api_answers import problems
from shared.errors import DatabaseUnavailableError, NotWritableError
from shared.version import genshare_version


def alive() -> APIRouter:
    """Return the route that tells that the process answers."""
    router = APIRouter(tags=["health"], route_class=GuardedRoute, dependencies=[open_to_anyone()])

    @router.get("/healthz")
    def healthz() -> dict[str, str]:
        """Tell that the process answers; needs no token."""
        return {"status": "ok"}

    return router


def ready(
    engine: Engine, *, access: Dependency, check: Callable[[], None] = lambda: None
) -> APIRouter:
    """Return the routes that tell whether the service works, and which version it is.

    Args:
        access: Who may ask.
        check: Raises what keeps the service from working beside its database.
    """
    router = APIRouter(tags=["health"], route_class=GuardedRoute, dependencies=[access])

    @router.get("/readyz", responses=problems(DatabaseUnavailableError, NotWritableError))
    def readyz() -> dict[str, str]:
        """Tell that the database answers and holds its tables, and what it needs can be written."""
        with engine.connect() as connection:
            connection.execute(text("SELECT version_num FROM alembic_version"))
        check()
        return {"status": "ready"}

    @router.get("/version")
    def version() -> dict[str, str]:
        """Return the version of the code."""
        return {"genshare": genshare_version()}

    return router
