"""HTTP routes of the registry: parse, call the service, return. No rules here."""

import base64
from functools import partial
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import (
    APIRouter,
    Depends,
    Header,
    Path,
    Query,
    Request,
    Response,
    status,
)
from pydantic import Field

from hub.errors import (
    BlobDigestError,
    BlobNotFoundError,
    BlobTooLargeError,
    FileNotInVersionError,
    ForeignCentreError,
    GeneratorNotFoundError,
    HubDiskFullError,
    MissingBlobsError,
    NotForThisCentreError,
    PublicationRefusedError,
    QuotaUsedUpError,
    StatementExistsError,
    StatementNotFoundError,
    UploadStalledError,
    UseExpiredError,
    VersionQuarantinedError,
    VersionWithdrawnError,
)
from hub.registry.service import Registry
from hub.registry.shelves import not_stored
from hub.registry.store import VersionFilter
from hub.registry.told_files import ToldFile
from shared.access import Caller, CallerDep, GuardedRoute, Role, requires
from shared.api_answers import headers, problems
from shared.body_parts import body_parts
from shared.canonical import canonical_json
from shared.errors import PackageError, StatementRefusedError
from shared.json_bodies import JsonBody
from shared.models import StrictModel
from shared.names import Digest, LesionKind, Name, in_words
from shared.packages import WITH_CARD, Manifest
from shared.preconditions import Conditions, check_conditions
from shared.records import BlobDigests, GeneratorPage, GeneratorSummaries, GeneratorVersion
from shared.served_files import ServedFile
from shared.statements import AuditStatement
from shared.states import State, VersionState

router = APIRouter(
    tags=["registry"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.ADMINISTRATOR, Role.CENTRE)],
)


async def _registry(request: Request) -> Registry:
    registry: Registry = request.app.state.registry
    return registry


RegistryDep = Annotated[Registry, Depends(_registry)]
VersionNumber = Annotated[int, Path(ge=1, le=999_999_999)]
VERSION = r"^(latest|[1-9][0-9]{0,8})$"
Version = Annotated[str, Path(pattern=VERSION), in_words(VERSION, "latest or a number")]
DIGESTS, MANIFEST = JsonBody[BlobDigests](BlobDigests), JsonBody[Manifest](Manifest)
AUDIT = JsonBody[AuditStatement](AuditStatement)
GENERATOR = "/generators/{centre}/{name}/versions"
STATEMENT = GENERATOR + "/{version}/statements/audit"
BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
OF_A_FILE = headers(
    Repr_Digest="The file's SHA-256.",
    Deprecation="Since when the version is deprecated, if it is, as RFC 9745 says.",
    Link="The version to use instead of one that is deprecated.",
)
WHERE = headers(Location="Where the version is.")


class Listing(StrictModel):
    """Which versions to list, and where to go on."""

    centre: Name | None = None
    kind: LesionKind | None = None
    architecture: Name | None = None
    state: State | None = Field(
        None, description="By default what is approved or deprecated, and a centre's own rest."
    )
    cursor: int | None = Field(None, ge=1, le=2**62)
    limit: int = Field(50, ge=1, le=200)
    fields: Literal["all", "summary"] = "all"


@router.post(
    "/blobs/missing", responses=problems(ForeignCentreError), openapi_extra=DIGESTS.described
)
async def missing_blobs(
    request: Request,
    caller: CallerDep,
    registry: RegistryDep,
    centre: Annotated[Name | None, Query(description="Of which they are to be published.")] = None,
) -> BlobDigests:
    """Tell which files the hub lacks; one who names a centre is told now whether it may publish."""
    if centre is not None:
        registry.check_may_publish(centre, caller=caller)
    wanted = await DIGESTS.read(request)
    return BlobDigests(digests=await to_thread.run_sync(registry.missing, wanted.digests))


@router.put(
    "/blobs/{digest}",
    status_code=status.HTTP_201_CREATED,
    response_class=Response,
    responses=problems(
        BlobDigestError, BlobTooLargeError, HubDiskFullError, QuotaUsedUpError, UploadStalledError
    ),
    openapi_extra={"requestBody": {"required": True, "content": BINARY}},
)
async def put_blob(
    digest: Digest,
    request: Request,
    caller: CallerDep,
    registry: RegistryDep,
    content_length: Annotated[int | None, Header(ge=0, include_in_schema=False)] = None,
) -> Response:
    """Upload a file; its SHA-256 is in the URL."""
    await check_conditions(request)
    await registry.blobs.put(
        digest,
        body_parts(request),
        centre=caller.name,
        declared_bytes=content_length,
        check=Conditions(request).check_etag,
    )
    return Response(status_code=status.HTTP_201_CREATED)


@router.head("/blobs/{digest}", response_class=Response, responses=problems(BlobNotFoundError))
def head_blob(digest: Digest, registry: RegistryDep) -> Response:
    """Tell whether a file is stored, and its size. Its ETag is its SHA-256."""
    size = registry.blobs.size(digest)
    if size is None:
        raise not_stored(digest)
    return Response(headers={"Content-Length": str(size), "ETag": registry.blobs.etag(digest)})


@router.post(
    GENERATOR,
    status_code=status.HTTP_201_CREATED,
    responses={
        200: {"model": GeneratorVersion, "description": "It was there before", "headers": WHERE},
        201: {"headers": WHERE},
        **problems(
            ForeignCentreError,
            MissingBlobsError,
            PublicationRefusedError,
            PackageError,
            QuotaUsedUpError,
        ),
    },
    openapi_extra=MANIFEST.described,
)
async def publish(
    centre: Name,
    name: Name,
    request: Request,
    caller: CallerDep,
    registry: RegistryDep,
    response: Response,
    draft: bool = False,
) -> GeneratorVersion:
    """Publish a package whose files are uploaded. The same manifest again answers 200.

    A draft is for its centre's eyes only, until that hands it in.
    """
    registry.check_may_publish(centre, caller=caller)
    manifest = await MANIFEST.read(request)
    publishing = partial(
        registry.publish,
        centre,
        name,
        manifest,
        caller=caller,
        draft=draft,
        check_versions=Conditions(request).check_document,
    )
    limiter = request.app.state.publishing
    record, new = await to_thread.run_sync(publishing, limiter=limiter)
    response.status_code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
    response.headers["Location"] = f"/api/v1/generators/{centre}/{name}/versions/{record.version}"
    return record


@router.get(
    "/generators",
    response_model=GeneratorPage | GeneratorSummaries,
    responses={200: {"headers": headers(Link="The next page, if there is one.")}},
)
def list_generators(
    request: Request,
    caller: CallerDep,
    registry: RegistryDep,
    asked: Annotated[Listing, Query()],
) -> Response:
    """List published versions, newest first: whole, or as summaries."""
    viewer = _viewer(caller)
    wanted = VersionFilter(asked.centre, asked.kind, asked.architecture, asked.state, viewer)
    summary = asked.fields == "summary"
    page = registry.page(wanted, cursor=asked.cursor, limit=asked.limit, summary=summary)
    response = Response(page.json, media_type="application/json")
    if page.next_cursor is not None:
        query = request.url.include_query_params(cursor=page.next_cursor).query
        following = f"{request.app.state.public_url}{request.url.path}?{query}"
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


@router.get(
    GENERATOR,
    response_model=tuple[GeneratorVersion, ...],
    responses=problems(GeneratorNotFoundError),
)
def list_versions(
    centre: Name,
    name: Name,
    caller: CallerDep,
    registry: RegistryDep,
    state: State | None = None,
) -> Response:
    """List a generator's versions, newest first."""
    wanted = VersionFilter(state=state, viewer=_viewer(caller))
    return Response(registry.versions(centre, name, wanted), media_type="application/json")


@router.get(
    GENERATOR + "/{version}", responses=problems(GeneratorNotFoundError, VersionWithdrawnError)
)
def read_version(
    centre: Name, name: Name, version: Version, caller: CallerDep, registry: RegistryDep
) -> GeneratorVersion:
    """Return one version's card and manifest, of one that was withdrawn too.

    The version may be `latest`: the last that is approved or deprecated.
    """
    return registry.find(centre, name, version_number(version), caller)


@router.head(GENERATOR + "/{version}/files/{file}", include_in_schema=False)
@router.get(
    GENERATOR + "/{version}/files/{file}",
    response_class=ServedFile,
    responses={
        200: {"content": BINARY, "headers": OF_A_FILE},
        **problems(
            GeneratorNotFoundError,
            FileNotInVersionError,
            NotForThisCentreError,
            UseExpiredError,
            VersionQuarantinedError,
            VersionWithdrawnError,
        ),
    },
)
def read_file(
    centre: Name,
    name: Name,
    version: Version,
    file: str,
    request: Request,
    caller: CallerDep,
    registry: RegistryDep,
) -> Response:
    """Return a file, whole or in part (`Range`). Its ETag is its SHA-256."""
    found = registry.file(centre, name, version_number(version), file, caller)
    sha256 = found.file.sha256
    digest = base64.b64encode(bytes.fromhex(sha256)).decode()
    headers = {"ETag": f'"{sha256}"', "Repr-Digest": f"sha-256=:{digest}:"}
    if found.state is not None and found.state.state == "deprecated":
        headers |= _deprecation(found.state, request.app.state.public_url)
    kind: dict[str, Any] = {"filename": file, "media_type": "application/octet-stream"}
    stored = registry.blobs.shelf.served(sha256)
    if file in WITH_CARD:
        return ServedFile(stored, headers=headers, **kind)
    tell = partial(request.app.state.fetches.tell, caller, found.record, found.file)
    return ToldFile(stored, headers=headers, tell=tell, **kind)


@router.put(
    STATEMENT,
    status_code=status.HTTP_201_CREATED,
    response_model=AuditStatement,
    responses={
        200: {"model": AuditStatement, "description": "It was there before"},
        **problems(
            ForeignCentreError, GeneratorNotFoundError, StatementExistsError, StatementRefusedError
        ),
    },
    openapi_extra=AUDIT.described,
)
async def put_statement(
    centre: Name,
    name: Name,
    version: VersionNumber,
    request: Request,
    caller: CallerDep,
    registry: RegistryDep,
) -> Response:
    """State what a version's audit found, in canonical JSON. The same again answers 200."""
    registry.check_may_publish(centre, caller=caller)
    await AUDIT.read(request)
    stating = partial(registry.state, centre, name, version, await request.body(), caller=caller)
    kept, new = await to_thread.run_sync(stating)
    code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
    return Response(canonical_json(kept), status_code=code, media_type="application/json")


@router.get(
    STATEMENT,
    response_model=AuditStatement,
    responses=problems(GeneratorNotFoundError, StatementNotFoundError, VersionWithdrawnError),
)
def read_statement(
    centre: Name, name: Name, version: Version, caller: CallerDep, registry: RegistryDep
) -> Response:
    """Return what its centre states of a version's audit; the version may be `latest`."""
    content = registry.statement(centre, name, version_number(version), caller)
    return Response(content, media_type="application/json")


def version_number(version: str) -> int | None:
    """Return the number of a version; None is the latest."""
    return None if version == "latest" else int(version)


def _deprecation(state: VersionState, public_url: str) -> dict[str, str]:
    """Return the headers that tell of a deprecation and what succeeds it (RFC 9745)."""
    since = int(state.history[0].changed_at.timestamp())
    other = state.replacement
    if other is None:
        return {"Deprecation": f"@{since}"}
    path = f"/api/v1/generators/{other.centre}/{other.name}/versions/{other.version}"
    return {
        "Deprecation": f"@{since}",
        "Link": f'<{public_url}{path}>; rel="successor-version"',
    }


def _viewer(caller: Caller) -> str | None:
    return None if caller.role is Role.ADMINISTRATOR else caller.name
