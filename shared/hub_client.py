"""The only way to the hub. Knows its URLs; turns its errors into ours."""

import shutil
from collections.abc import Collection, Iterator
from dataclasses import replace
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
    NoSuchWeightsError,
    PartlyFetchedError,
)
from shared.packages import (
    CARD,
    MANIFEST,
    Manifest,
    ManifestFile,
    Package,
    add_to_package,
    canonical_json,
    manifest_digest,
    note_fetched,
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
from shared.weight_choices import weights_named
from shared.weights import inspect_weights

API = "/api/v1"
TIMEOUT_SECONDS = 60.0
CHECKED_BYTES_PER_SECOND = 20_000_000  # a hub on a slow disk reads all weights before it answers
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
        """Upload what the hub lacks of a package, then publish it; harmless when repeated.

        Where the hub goes away in between, the files that it has are not sent again.

        Raises:
            PartlyFetchedError: Not every weight file is here.
        """
        if not package.is_whole:
            raise PartlyFetchedError(f"{package.folder} holds only {package.extent} to publish")
        self._upload(package)
        path = f"/generators/{package.card.centre}/{package.card.name}/versions"
        content, size = canonical_json(package.manifest), _size(package.manifest)
        timeout = TIMEOUT_SECONDS + size / CHECKED_BYTES_PER_SECOND
        answer = self._send("POST", path, content=content, headers=JSON, timeout=timeout)
        return _parsed(GeneratorVersion, answer)

    def _upload(self, package: Package) -> None:
        files = {file.sha256: file.name for file in package.manifest.files}
        digests = BlobDigests(digests=tuple(files))
        answer = self._send("POST", "/blobs/missing", json=digests.model_dump(mode="json"))
        missing = [digest for digest in _parsed(BlobDigests, answer).digests if digest in files]
        for number, digest in enumerate(missing, start=1):
            try:
                with (package.folder / files[digest]).open("rb") as content:
                    self._send("PUT", f"/blobs/{digest}", content=content)
            except HubUnreachableError as error:
                raise HubUnreachableError(
                    f"the upload of {files[digest]}, file {number} of {len(missing)}, broke off; "
                    f"publish again, and only what the hub lacks is sent: {error}"
                ) from error

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

    def fetch(
        self, record: GeneratorVersion, folder: Path, *, weights: Collection[str] | None = None
    ) -> Package:
        """Fetch a version's files to `folder`, verified; they appear complete or not at all.

        A fetch that broke off goes on where it stopped, and what a folder has is not fetched
        again: to a part of a package, the rest can be added.

        Args:
            weights: Names of the weight files to fetch; None is all.

        Raises:
            DigestMismatchError: A file is not the one that the manifest declares.
            NoSuchWeightsError: The version has no weight file of a name.
            WeightsRefusedError: The weights are not those of the card's architecture.
        """
        digest = manifest_digest(record.manifest)
        if digest != record.manifest_digest:
            raise DigestMismatchError(
                f"the manifest has the digest {digest}, but the hub says {record.manifest_digest}"
            )
        wanted = _wanted(record, weights)
        if not folder.exists():
            fetched = self._fetch_part(record, folder, wanted)
            fetched.folder.rename(folder)
            return replace(fetched, folder=folder)
        package = _the_one(open_package(folder, partly=True), record)
        held = {file.name for file in package.weights}
        if wanted <= held:
            return package
        fetched = self._fetch_part(record, folder, wanted - held)
        add_to_package(fetched.folder, folder, record.manifest, held | wanted)
        shutil.rmtree(fetched.folder)
        return replace(package, weights=weights_named(package.card, held | wanted))

    def _fetch_part(
        self, record: GeneratorVersion, folder: Path, names: Collection[str]
    ) -> Package:
        """Fetch card, manifest and some weight files to a folder beside `folder`, verified."""
        partial = folder.with_name(f".{folder.name}.part")
        partial.mkdir(parents=True, exist_ok=True)
        base = f"/generators/{record.centre}/{record.name}/versions/{record.version}/files"
        files = [file for file in record.manifest.files if file.name in {CARD, *names}]
        for left_over in {path.name for path in partial.iterdir()} - {file.name for file in files}:
            (partial / left_over).unlink()
        for file in files:
            self._fetch_file(f"{base}/{file.name}", partial / file.name, file)
        (partial / MANIFEST).write_bytes(canonical_json(record.manifest))
        note_fetched(partial, record.manifest, names)
        package = _the_one(open_package(partial, partly=True), record)
        for weights in package.weights:
            inspect_weights(partial / weights.name, package.card.architecture.generator_tensors())
        sync_folder(partial)
        return package

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
                            if file.tell() > declared.size_bytes:
                                break  # it is not that file; an endless one would fill the disk
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


def _size(manifest: Manifest) -> int:
    return sum(file.size_bytes for file in manifest.files)


def _wanted(record: GeneratorVersion, weights: Collection[str] | None) -> set[str]:
    """Return the names of the weight files to fetch, all of them in the manifest."""
    listed = {file.name for file in record.manifest.files} - {CARD}
    if weights is None:
        return listed
    unknown = set(weights) - listed
    if unknown:
        raise NoSuchWeightsError(
            f"version {record.version} of {record.centre}/{record.name} has no weight file "
            f"{min(unknown)}; it has {len(listed)}, from {min(listed)} to {max(listed)}"
        )
    return set(weights)


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
