"""The only way to the hub. Knows its URLs; turns its errors into ours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from shared.errors import (
    DigestMismatchError,
    HubAddressError,
    HubRefusedError,
    HubUnreachableError,
    HubUnreadableError,
)
from shared.packages import (
    MANIFEST,
    ManifestFile,
    Package,
    canonical_json,
    manifest_digest,
    open_package,
    sync_folder,
    verify_file,
)
from shared.problems import Problem
from shared.records import (
    BlobDigests,
    CentreInvitation,
    CentreToken,
    GeneratorPage,
    GeneratorVersion,
)
from shared.weights import inspect_weights

API = "/api/v1"
TIMEOUT_SECONDS = 60.0
CHUNK_BYTES = 1 << 20
JSON = {"Content-Type": "application/json"}

Body = TypeVar("Body", bound=BaseModel)


def connect(url: str, token: str | None) -> "HubClient":
    """Return a client of the hub at `url`; nothing is sent yet.

    Raises:
        HubAddressError: The URL or the token is malformed. The message never repeats a token.
    """
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise HubAddressError("the token holds blanks, line ends or characters beyond ASCII")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        return HubClient(httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS))
    except httpx.InvalidURL as error:
        raise HubAddressError(f"{url!r} is no URL of a hub: {error}") from error


class HubClient:
    """Typed calls to the hub.

    Every method raises `HubUnreachableError`, `HubUnreadableError` or `HubRefusedError`.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def invite(self, name: str, *, renew: bool = False) -> str:
        """Enrol a centre, with the administrator's token, and return the centre's token."""
        body = CentreInvitation(name=name, renew=renew)
        return _parsed(CentreToken, self._send("POST", "/centres", json=body.model_dump())).token

    def publish(self, package: Package) -> GeneratorVersion:
        """Upload what the hub lacks of a package, then publish it; harmless when repeated."""
        digests = BlobDigests(digests=tuple(file.sha256 for file in package.manifest.files))
        answer = self._send("POST", "/blobs/missing", json=digests.model_dump(mode="json"))
        missing = _parsed(BlobDigests, answer).digests
        for file in package.manifest.files:
            if file.sha256 in missing:
                with (package.folder / file.name).open("rb") as content:
                    self._send("PUT", f"/blobs/{file.sha256}", content=content)
        path = f"/generators/{package.card.centre}/{package.card.name}/versions"
        return _parsed(
            GeneratorVersion,
            self._send("POST", path, content=canonical_json(package.manifest), headers=JSON),
        )

    def generators(self, centre: str | None = None) -> Iterator[GeneratorVersion]:
        """Yield every published version, newest first."""
        cursor: int | None = None
        while True:
            given = {"centre": centre, "cursor": cursor}
            parameters = {key: value for key, value in given.items() if value is not None}
            page = _parsed(GeneratorPage, self._send("GET", "/generators", params=parameters))
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def version(self, centre: str, name: str, version: int | None) -> GeneratorVersion:
        """Return one version's record; None is the latest.

        Raises:
            DigestMismatchError: The hub answered with another generator.
        """
        path = f"/generators/{centre}/{name}/versions/{version or 'latest'}"
        record = _parsed(GeneratorVersion, self._send("GET", path))
        if (record.centre, record.name) != (centre, name):
            raise DigestMismatchError(
                f"the hub's record is of {record.centre}/{record.name}, not of {centre}/{name}"
            )
        return record

    def fetch(self, record: GeneratorVersion, folder: Path) -> Package:
        """Fetch a version's files to `folder`, verified; it appears complete or not at all.

        A fetch that broke off goes on where it stopped.

        Raises:
            DigestMismatchError: A file is not the one that the manifest declares.
            WeightsRefusedError: The weights are not those of the card's architecture.
        """
        digest = manifest_digest(record.manifest)
        if digest != record.manifest_digest:
            raise DigestMismatchError(
                f"the manifest has the digest {digest}, but the hub says {record.manifest_digest}"
            )
        if folder.exists():
            return _the_one(open_package(folder), record)
        partial = folder.with_name(f".{folder.name}.part")
        partial.mkdir(parents=True, exist_ok=True)
        base = f"/generators/{record.centre}/{record.name}/versions/{record.version}/files"
        for file in record.manifest.files:
            self._fetch_file(f"{base}/{file.name}", partial / file.name, file)
        (partial / MANIFEST).write_bytes(canonical_json(record.manifest))
        package = _the_one(open_package(partial), record)
        for weights in package.card.weights:
            inspect_weights(partial / weights.name, package.card.architecture.generator_tensors())
        sync_folder(partial)
        partial.rename(folder)
        return Package(folder, package.card, package.manifest, package.digest)

    def _fetch_file(self, path: str, target: Path, declared: ManifestFile) -> None:
        have = target.stat().st_size if target.exists() else 0
        if have < declared.size_bytes:
            headers = {"Range": f"bytes={have}-"} if have else {}
            try:
                with self._http.stream("GET", API + path, headers=headers) as response:
                    if response.is_error:
                        response.read()
                        _raise_refusal(response)
                    mode = "ab" if response.status_code == httpx.codes.PARTIAL_CONTENT else "wb"
                    with target.open(mode) as file:
                        for chunk in response.iter_bytes(CHUNK_BYTES):
                            file.write(chunk)
            except httpx.RequestError as error:
                raise self._unreachable("GET", path, error) from error
        try:
            verify_file(target, declared)
        except Exception:
            target.unlink(missing_ok=True)
            raise

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            response = self._http.request(method, API + path, **content)
        except httpx.RequestError as error:
            raise self._unreachable(method, path, error) from error
        if response.is_error:
            _raise_refusal(response)
        return response

    def _unreachable(self, method: str, path: str, error: Exception) -> HubUnreachableError:
        url = str(self._http.base_url).rstrip("/")
        return HubUnreachableError(f"no answer from the hub at {url} to {method} {path}: {error}")


def _the_one(package: Package, record: GeneratorVersion) -> Package:
    found = (package.digest, package.card.centre, package.card.name)
    if found != (record.manifest_digest, record.centre, record.name):
        raise DigestMismatchError(
            f"{package.folder} holds {package.card.centre}/{package.card.name} with the manifest "
            f"digest {package.digest}, not the version that was asked for"
        )
    return package


def _raise_refusal(response: httpx.Response) -> None:
    raise HubRefusedError(_parsed(Problem, response))


def _parsed(body: type[Body], response: httpx.Response) -> Body:
    try:
        return body.model_validate_json(response.content)
    except ValidationError as error:
        message = f"HTTP {response.status_code} without a readable {body.__name__}"
        raise HubUnreadableError(message) from error
