"""HTTP routes of what versions are."""

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response

from hub.errors import (
    ForeignCentreError,
    GeneratorNotFoundError,
    StateNotAllowedError,
    StateNotReachedError,
    StateRefusedError,
)
from hub.life_cycle.service import LifeCycle
from hub.life_cycle.store import Place
from hub.registry.routes import VersionNumber
from shared.access import CallerDep, GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.canonical import canonical_json
from shared.json_bodies import JsonBody
from shared.names import Name
from shared.preconditions import Conditions
from shared.states import StateWanted, VersionState, VersionStates

router = APIRouter(
    tags=["life cycle"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.ADMINISTRATOR, Role.CENTRE)],
)
WANTED = JsonBody[StateWanted](StateWanted)
STATE = "/generators/{centre}/{name}/versions/{version}/state"


async def _life_cycle(request: Request) -> LifeCycle:
    life_cycle: LifeCycle = request.app.state.life_cycle
    return life_cycle


LifeCycleDep = Annotated[LifeCycle, Depends(_life_cycle)]


@router.get(STATE, response_model=VersionState, responses=problems(GeneratorNotFoundError))
def read_state(
    centre: Name, name: Name, version: VersionNumber, caller: CallerDep, life_cycle: LifeCycleDep
) -> Response:
    """Tell what a version is, why, what to use instead, and how it came to it."""
    return _answer(life_cycle.find(Place(centre, name, version), caller))


@router.get(
    "/generators/{centre}/{name}/states",
    response_model=VersionStates,
    responses=problems(GeneratorNotFoundError),
)
def list_states(centre: Name, name: Name, caller: CallerDep, life_cycle: LifeCycleDep) -> Response:
    """Tell what all versions of a generator are, those that were withdrawn too."""
    return _answer(life_cycle.all(centre, name, caller))


@router.post(
    STATE,
    response_model=VersionState,
    responses=problems(
        ForeignCentreError,
        GeneratorNotFoundError,
        StateNotAllowedError,
        StateNotReachedError,
        StateRefusedError,
    ),
    openapi_extra=WANTED.described,
)
async def change_state(
    centre: Name,
    name: Name,
    version: VersionNumber,
    request: Request,
    caller: CallerDep,
    life_cycle: LifeCycleDep,
) -> Response:
    """Change what a version is: approve, deprecate, withdraw or quarantine it."""
    wanted = await WANTED.read(request)
    change = partial(
        life_cycle.change,
        Place(centre, name, version),
        wanted,
        caller,
        check_document=Conditions(request).check_document,
    )
    return _answer(await to_thread.run_sync(change))


def _answer(state: VersionState | VersionStates) -> Response:
    return Response(canonical_json(state), media_type="application/json")
