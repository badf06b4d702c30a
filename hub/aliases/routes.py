"""HTTP routes of aliases."""

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response, status

from hub.aliases.service import Aliases
from hub.errors import (
    AliasNotFoundError,
    AliasRefusedError,
    ConditionMissingError,
    ForeignCentreError,
)
from shared.access import CallerDep, GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.canonical import canonical_json
from shared.json_bodies import JsonBody
from shared.names import Name
from shared.preconditions import CONDITIONS, Conditions
from shared.states import Alias, AliasName, AliasTarget

router = APIRouter(
    tags=["life cycle"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.ADMINISTRATOR, Role.CENTRE)],
)
TARGET = JsonBody[AliasTarget](AliasTarget)
ALIASES = "/generators/{centre}/{name}/aliases"


async def _aliases(request: Request) -> Aliases:
    aliases: Aliases = request.app.state.aliases
    return aliases


AliasesDep = Annotated[Aliases, Depends(_aliases)]


@router.get(ALIASES)
def list_aliases(centre: Name, name: Name, aliases: AliasesDep) -> tuple[str, ...]:
    """List the names of a generator's aliases."""
    return aliases.names(centre, name)


@router.get(ALIASES + "/{alias}", response_model=Alias, responses=problems(AliasNotFoundError))
def read_alias(centre: Name, name: Name, alias: AliasName, aliases: AliasesDep) -> Response:
    """Tell which version an alias points at, what that is now, and where it pointed before."""
    return _answer(aliases.find(centre, name, alias), status.HTTP_200_OK)


@router.put(
    ALIASES + "/{alias}",
    response_model=Alias,
    responses={
        201: {"model": Alias, "description": "It is new"},
        **problems(ForeignCentreError, AliasRefusedError, ConditionMissingError),
    },
    openapi_extra=TARGET.described,
)
async def point_alias(
    centre: Name,
    name: Name,
    alias: AliasName,
    request: Request,
    caller: CallerDep,
    aliases: AliasesDep,
) -> Response:
    """Point an alias at a version; needs If-Match, or for a new one If-None-Match."""
    aliases.check_may_point(centre, caller=caller.name)
    if not CONDITIONS & set(request.headers):
        raise ConditionMissingError(
            f"the alias {alias} can be pointed by others meanwhile, so that If-Match is needed, or "
            "If-None-Match for a new one"
        )
    target = await TARGET.read(request)
    point = partial(
        aliases.point,
        centre,
        name,
        alias,
        target.version,
        by=caller,
        check_document=Conditions(request).check_document,
    )
    found, new = await to_thread.run_sync(point)
    return _answer(found, status.HTTP_201_CREATED if new else status.HTTP_200_OK)


def _answer(alias: Alias, code: int) -> Response:
    return Response(canonical_json(alias), status_code=code, media_type="application/json")
