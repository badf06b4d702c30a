"""Routes that tell whether a service lives and works; the same for the hub and for a node."""

from fastapi import APIRouter
from sqlalchemy import Engine, text

from shared.version import genshare_version


def alive() -> APIRouter:
    """Return the route that tells that the process answers."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    def healthz() -> dict[str, str]:
        """Tell that the process answers; needs no token."""
        return {"status": "ok"}

    return router


def ready(engine: Engine) -> APIRouter:
    """Return the routes that tell whether the service works, and which version it is."""
    router = APIRouter(tags=["health"])

    @router.get("/readyz")
    def readyz() -> dict[str, str]:
        """Tell that the database answers and holds its tables."""
        with engine.connect() as connection:
            connection.execute(text("SELECT version_num FROM alembic_version"))
        return {"status": "ready"}

    @router.get("/version")
    def version() -> dict[str, str]:
        """Return the version of the code."""
        return {"genshare": genshare_version()}

    return router
