"""Style, script and icon, under names that change with their content, so that they can be kept."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from fastapi import APIRouter, HTTPException, Response

from shared.access import GuardedRoute, open_to_anyone

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
PATH = "/static"
KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of every page."""

    content: bytes
    media_type: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Return every file by the name under which it is served."""
    folder = files("web_pages").joinpath("static")
    found = {}
    for file in folder.iterdir():
        stem, _, ending = file.name.rpartition(".")
        if ending in TYPES:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:16]
            found[f"{stem}.{digest}.{ending}"] = StaticFile(content, TYPES[ending])
    return MappingProxyType(found)


def static_url(name: str) -> str:
    """Return where a file of the folder `static` is served, such as of `style.css`.

    Raises:
        KeyError: There is no such file.
    """
    stem, _, ending = name.rpartition(".")
    for served in static_files():
        if served.startswith(f"{stem}.") and served.endswith(f".{ending}"):
            return f"{PATH}/{served}"
    raise KeyError(name)


def static_router() -> APIRouter:
    """Return the route of the files; they say nothing of the service's data."""
    router = APIRouter(
        route_class=GuardedRoute, dependencies=[open_to_anyone()], include_in_schema=False
    )

    @router.get(PATH + "/{name}")
    def read_static(name: str) -> Response:
        """Return a file of every page."""
        found = static_files().get(name)
        if found is None:
            raise HTTPException(404)
        headers = {"Cache-Control": KEPT}
        return Response(found.content, media_type=found.media_type, headers=headers)

    return router
