"""HTTP routes of the node's key and of whom it trusts. The private key never comes out."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request

from centre_node.connection.errors import NoHubError
from centre_node.trust.service import TrustSettings
from node_api.trust import OwnKey, Withdrawal
from shared.access import GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.errors import (
    HubRefusedError,
    HubUnreachableError,
    HubUnreadableError,
    UnencryptedError,
)
from shared.json_bodies import JsonBody
from shared.states import VersionState
from signing.errors import StatusUnusableError, TrustFileError
from signing.trust import Trust

WITHDRAWAL = JsonBody[Withdrawal](Withdrawal)
TRUST = JsonBody[Trust](Trust)
router = APIRouter(
    tags=["signatures"], route_class=GuardedRoute, dependencies=[requires(Role.STAFF)]
)


def _settings(request: Request) -> TrustSettings:
    settings: TrustSettings = request.app.state.trust
    return settings


SettingsDep = Annotated[TrustSettings, Depends(_settings)]


@router.get("/signing-key")
def read_key(settings: SettingsDep) -> OwnKey:
    """Return the public part of the node's key: tell its fingerprint to those who receive."""
    public = settings.key.public
    return OwnKey(fingerprint=public.fingerprint, public_key=public.pem)


@router.post(
    "/withdrawals",
    responses=problems(
        HubRefusedError,
        HubUnreachableError,
        HubUnreadableError,
        NoHubError,
        StatusUnusableError,
        UnencryptedError,
    ),
    openapi_extra=WITHDRAWAL.described,
)
async def withdraw(request: Request, settings: SettingsDep) -> VersionState:
    """Withdraw a version of this centre, for good: at the hub, and signed by the node."""
    wanted = await WITHDRAWAL.read(request)
    return await to_thread.run_sync(settings.withdraw, wanted)


@router.get("/trust", responses=problems(TrustFileError))
def read_trust(settings: SettingsDep) -> Trust:
    """Return whose keys the node trusts, and what becomes of what is not signed."""
    return settings.read()


@router.put("/trust", responses=problems(TrustFileError), openapi_extra=TRUST.described)
async def replace_trust(request: Request, settings: SettingsDep) -> Trust:
    """Replace whose keys the node trusts; send the ETag of what was read as If-Match."""
    trust = await TRUST.read(request)
    return await to_thread.run_sync(settings.replace, trust)
