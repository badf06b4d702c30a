"""HTTP routes of keys and signatures: parse, call the service, return."""

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response, status

from hub.bundle_bodies import keep_bundle, keeping_bundle
from hub.errors import (
    CentreNotFoundError,
    ForeignCentreError,
    GeneratorNotFoundError,
    StatementNotFoundError,
)
from hub.registry.routes import GENERATOR, STATEMENT, Version, VersionNumber, version_number
from hub.signatures.errors import (
    KeyExistsError,
    KeyNotRegisteredError,
    SignatureExistsError,
    SignatureNotFoundError,
    StatusNotNewerError,
    WithdrawalRefusedError,
)
from hub.signatures.service import Kind, Signatures
from shared.access import Caller, CallerDep, GuardedRoute, Role, requires
from shared.api_answers import problems
from shared.json_bodies import JsonBody
from shared.names import Name
from shared.records import CentreKey, CentreKeys, NewKey
from signing.bundles import Bundle
from signing.errors import KeyUnusableError, SignatureRefusedError

router = APIRouter(
    tags=["signatures"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.ADMINISTRATOR, Role.CENTRE)],
)


async def _signatures(request: Request) -> Signatures:
    signatures: Signatures = request.app.state.signatures
    return signatures


SignaturesDep = Annotated[Signatures, Depends(_signatures)]
KEY = JsonBody[NewKey](NewKey)
PACKAGE_SIGNATURE = GENERATOR + "/{version}/signature"
STATUS = "/centres/{name}/status"
AUDIT_SIGNATURE = STATEMENT + "/signature"
WITHDRAWAL = GENERATOR + "/{version}/withdrawal"
SIGNED = keeping_bundle(
    ForeignCentreError,
    GeneratorNotFoundError,
    KeyNotRegisteredError,
    SignatureExistsError,
    SignatureRefusedError,
    StatementNotFoundError,
)
GET_ANSWERS = problems(GeneratorNotFoundError, SignatureNotFoundError)


@router.put(
    "/centres/{name}/key",
    status_code=status.HTTP_201_CREATED,
    responses={
        200: {"model": CentreKey, "description": "It was there before"},
        **problems(ForeignCentreError, KeyExistsError, KeyUnusableError, SignatureRefusedError),
    },
    openapi_extra=KEY.described,
)
async def put_key(
    name: Name,
    request: Request,
    caller: CallerDep,
    signatures: SignaturesDep,
    response: Response,
) -> CentreKey:
    """Register the centre's first key, or the next one, to which the one before hands over."""
    signatures.check_own(name, caller=caller)
    key = await KEY.read(request)
    found, new = await to_thread.run_sync(partial(signatures.add_key, name, key, caller=caller))
    response.status_code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
    return found


@router.get("/centres/{name}/keys", responses=problems(CentreNotFoundError))
def read_keys(name: Name, signatures: SignaturesDep) -> CentreKeys:
    """List the keys that a centre signed with, the newest last."""
    return signatures.keys(name)


@router.put(
    STATUS,
    **keeping_bundle(
        ForeignCentreError, KeyNotRegisteredError, SignatureRefusedError, StatusNotNewerError
    ),
)
async def put_status(
    name: Name, request: Request, caller: CallerDep, signatures: SignaturesDep
) -> Response:
    """Say what versions there are and which are withdrawn: a signed bundle with a number."""
    signatures.check_own(name, caller=caller)
    return await keep_bundle(request, partial(signatures.put_status, name, caller=caller))


@router.get(STATUS, response_model=Bundle, responses=problems(SignatureNotFoundError))
def read_status(name: Name, signatures: SignaturesDep) -> Response:
    """Return the bundle of what a centre says of all its versions, the newest one."""
    return Response(signatures.status(name), media_type="application/json")


@router.put(PACKAGE_SIGNATURE, **SIGNED)
async def put_package_signature(
    centre: Name,
    name: Name,
    version: VersionNumber,
    request: Request,
    caller: CallerDep,
    signatures: SignaturesDep,
) -> Response:
    """Sign a version: a Sigstore bundle in OpenSSF Model Signing form, kept as it is sent."""
    signing = partial(signatures.sign, centre, name, version, "package", caller=caller)
    return await keep_bundle(request, signing)


@router.get(PACKAGE_SIGNATURE, response_model=Bundle, responses=GET_ANSWERS)
def read_package_signature(
    centre: Name, name: Name, version: Version, caller: CallerDep, signatures: SignaturesDep
) -> Response:
    """Return the bundle by which its centre signed a version; the version may be `latest`."""
    return _found(signatures, (centre, name, version_number(version)), "package", caller)


@router.put(AUDIT_SIGNATURE, **SIGNED)
async def put_audit_signature(
    centre: Name,
    name: Name,
    version: VersionNumber,
    request: Request,
    caller: CallerDep,
    signatures: SignaturesDep,
) -> Response:
    """Sign what is stated of a version's audit: a Sigstore bundle, kept as it is sent."""
    signing = partial(signatures.sign, centre, name, version, "audit", caller=caller)
    return await keep_bundle(request, signing)


@router.get(AUDIT_SIGNATURE, response_model=Bundle, responses=GET_ANSWERS)
def read_audit_signature(
    centre: Name, name: Name, version: Version, caller: CallerDep, signatures: SignaturesDep
) -> Response:
    """Return the bundle by which its centre signed what it states of a version's audit."""
    return _found(signatures, (centre, name, version_number(version)), "audit", caller)


@router.put(
    WITHDRAWAL,
    **keeping_bundle(
        ForeignCentreError,
        GeneratorNotFoundError,
        KeyNotRegisteredError,
        SignatureExistsError,
        SignatureRefusedError,
        WithdrawalRefusedError,
    ),
)
async def put_withdrawal(
    centre: Name,
    name: Name,
    version: VersionNumber,
    request: Request,
    caller: CallerDep,
    signatures: SignaturesDep,
) -> Response:
    """Sign why a version was withdrawn: a Sigstore bundle, kept as it is sent."""
    signing = partial(signatures.sign, centre, name, version, "withdrawal", caller=caller)
    return await keep_bundle(request, signing)


@router.get(WITHDRAWAL, response_model=Bundle, responses=GET_ANSWERS)
def read_withdrawal(
    centre: Name, name: Name, version: VersionNumber, caller: CallerDep, signatures: SignaturesDep
) -> Response:
    """Return the bundle by which its centre signed why it withdrew a version."""
    return _found(signatures, (centre, name, version), "withdrawal", caller)


def _found(
    signatures: Signatures, which: tuple[str, str, int | None], kind: Kind, caller: Caller
) -> Response:
    content = signatures.find(*which, kind, caller)
    return Response(content, media_type="application/json")
