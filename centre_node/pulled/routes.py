"""HTTP routes of the generators that were pulled."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from centre_node.pulled.service import PulledGenerators
from centre_node.sharing.errors import GeneratorNotPulledError
from node_api.pulled import GeneratorHere
from shared.access import GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.names import Digest

router = APIRouter(
    prefix="/generators",
    tags=["generators"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.STAFF)],
)


def _pulled(request: Request) -> PulledGenerators:
    pulled: PulledGenerators = request.app.state.pulled
    return pulled


PulledDep = Annotated[PulledGenerators, Depends(_pulled)]


@router.get("")
def list_generators(pulled: PulledDep) -> tuple[GeneratorHere, ...]:
    """List the generators that were pulled, with their cards; what is damaged says so."""
    return pulled.all()


@router.get("/{digest}", responses=problems(GeneratorNotPulledError))
def read(digest: Digest, pulled: PulledDep) -> GeneratorHere:
    """Return one of them."""
    return pulled.find(digest)
