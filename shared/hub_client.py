"""The only way to the hub. Knows its URLs; turns its errors into ours."""

import hashlib
import math
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from shared.errors import (
    BrokenPackageError,
    DigestMismatchError,
    HubAddressError,
    HubRefusedError,
    HubUnreachableError,
    HubUnreadableError,
    NoSuchWeightsError,
    PackageError,
    PackageNotKeptError,
    PartlyFetchedError,
)
from shared.files import put_in_place, sync_folder
from shared.packages import (
    CARD,
    LARGEST_CARD_BYTES,
    MANIFEST,
    Manifest,
    ManifestFile,
    Package,
    add_to_package,
    canonical_json,
    check_card_against_manifest,
    check_digest,
    check_size,
    keep_fetched,
    manifest_digest,
    open_package,
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
from shared.weights import BYTES_PER_FLOAT32, LARGEST_HEADER_BYTES, inspect_weights

API = "/api/v1"
TIMEOUT_SECONDS = 60.0
CHECKED_BYTES_PER_SECOND = 20_000_000  # a hub on a slow disk reads all weights before it answers
LARGEST_ANSWER_BYTES = 64 << 20  # a page of 200 versions with the longest cards has less
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
    except (httpx.InvalidURL, UnicodeError) as error:
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
        return self._call(CentreToken, "POST", "/centres", json=body.model_dump()).token

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
        return self._call(
            GeneratorVersion, "POST", path, content=content, headers=JSON, timeout=timeout
        )

    def _upload(self, package: Package) -> None:
        files = {file.sha256: file.name for file in package.manifest.files}
        digests = BlobDigests(digests=tuple(files))
        asked = digests.model_dump(mode="json")
        lacking = self._call(BlobDigests, "POST", "/blobs/missing", json=asked).digests
        missing = [digest for digest in lacking if digest in files]
        for number, digest in enumerate(missing, start=1):
            try:
                with (
                    (package.folder / files[digest]).open("rb") as content,
                    self._answer("PUT", f"/blobs/{digest}", content=content) as response,
                ):
                    _whole(response)
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
            page = self._call(GeneratorPage, "GET", "/generators", params=parameters)
            yield from page.items
            if page.next_cursor is None:
                return
            if cursor is not None and page.next_cursor >= cursor:
                raise HubUnreadableError(
                    f"the page after {cursor} leads on to {page.next_cursor}, not further back"
                )
            cursor = page.next_cursor

    def version(self, centre: str, name: str, version: int | None) -> GeneratorVersion:
        """Return one version's record; None is the latest.

        Raises:
            DigestMismatchError: The hub answered with another generator.
        """
        path = f"/generators/{centre}/{name}/versions/{version or 'latest'}"
        record = self._call(GeneratorVersion, "GET", path)
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
            BrokenPackageError: A size is declared that no package of the architecture has.
            WeightsRefusedError: The weights are not those of the card's architecture.
            PackageNotKeptError: Something else is in the folder.
        """
        digest = manifest_digest(record.manifest)
        if digest != record.manifest_digest:
            raise DigestMismatchError(
                f"the manifest has the digest {digest}, but the hub says {record.manifest_digest}"
            )
        _check_sizes(record)
        wanted = _wanted(record, weights)
        if not folder.exists() or _is_empty(folder):
            fetched = self._fetch_part(record, folder, wanted)
            put_in_place(fetched.folder, folder.absolute())
            return replace(fetched, folder=folder)
        if not (folder / MANIFEST).is_file():
            raise PackageNotKeptError(f"{folder} is there already, and is no package to add to")
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
        folder = folder.absolute()
        partial = folder.with_name(f".{folder.name}.part")
        partial.mkdir(parents=True, exist_ok=True)
        base = f"/generators/{record.centre}/{record.name}/versions/{record.version}/files"
        files = [file for file in record.manifest.files if file.name in {CARD, *names}]
        for left_over in {path.name for path in partial.iterdir()} - {file.name for file in files}:
            (partial / left_over).unlink()
        for file in files:
            self._fetch_file(f"{base}/{file.name}", partial / file.name, file)
        package = _the_one(keep_fetched(partial, record.manifest, names), record)
        for weights in package.weights:
            inspect_weights(partial / weights.name, package.card.architecture.generator_tensors())
        sync_folder(partial)
        return package

    def _fetch_file(self, path: str, target: Path, declared: ManifestFile) -> None:
        """Fetch what is missing of a file; it is hashed as it comes."""
        try:
            digest = self._received(path, target, declared)
            check_size(target, declared)
            check_digest(digest, declared)
        except (PackageError, HubUnreadableError):
            target.unlink(missing_ok=True)
            raise

    def _received(self, path: str, target: Path, declared: ManifestFile) -> str:
        """Write what is missing of a file, and never a byte more than is declared.

        Returns:
            The SHA-256 of what is there then.

        Raises:
            DigestMismatchError: The hub sends more.
        """
        sha256, have = _begun(target)
        if have >= declared.size_bytes:
            return sha256.hexdigest()
        asked = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with self._answer("GET", path, headers=asked) as response:
            goes_on = response.status_code == httpx.codes.PARTIAL_CONTENT
            if not goes_on:
                sha256, have = hashlib.sha256(), 0
            room = declared.size_bytes - have
            with target.open("ab" if goes_on else "wb") as file:
                # Raw: what a compressed body grows to would be known only afterwards.
                for chunk in response.iter_raw():
                    file.write(chunk[:room])
                    sha256.update(chunk[:room])
                    room -= len(chunk)
                    if room < 0:
                        raise DigestMismatchError(
                            f"the hub sends more of {declared.name} than the "
                            f"{declared.size_bytes} bytes that are declared"
                        )
        return sha256.hexdigest()

    def _call(self, body: type[Body], method: str, path: str, **content: Any) -> Body:
        with self._answer(method, path, **content) as response:
            return _parsed(body, response)

    @contextmanager
    def _answer(self, method: str, path: str, **content: Any) -> Iterator[httpx.Response]:
        """Yield an answer that is no refusal and whose body has not been read."""
        try:
            with self._http.stream(method, API + path, **content) as response:
                if response.is_error:
                    raise HubRefusedError(_parsed(Problem, response))
                if not response.is_success:
                    raise HubUnreadableError(f"HTTP {response.status_code} without an answer")
                yield response
        except httpx.RequestError as error:
            raise self._unreachable(method, path, error) from error
        except UnicodeError as error:  # so says the name resolution of a host's name
            raise HubAddressError(f"{self._url!r} is no URL of a hub: {error}") from error

    def _unreachable(self, method: str, path: str, error: Exception) -> HubUnreachableError:
        return HubUnreachableError(
            f"no answer from the hub at {self._url} to {method} {path}: {error}"
        )

    @property
    def _url(self) -> str:
        """The hub's address for messages: without the password that it may hold."""
        return str(self._http.base_url.copy_with(userinfo=b"")).rstrip("/")


def _begun(target: Path) -> tuple["hashlib._Hash", int]:
    """Return the hash and the size of what an earlier fetch has left of a file."""
    if not target.exists():
        return hashlib.sha256(), 0
    with target.open("rb") as file:
        return hashlib.file_digest(file, "sha256"), target.stat().st_size


def _size(manifest: Manifest) -> int:
    return sum(file.size_bytes for file in manifest.files)


def _check_sizes(record: GeneratorVersion) -> None:
    """Refuse, before a byte is fetched, sizes that no package of the card's architecture has."""
    check_card_against_manifest(record.card, record.manifest)
    tensors = record.card.architecture.generator_tensors().values()
    values = sum(math.prod(tensor.shape) for tensor in tensors)
    largest_weights = 8 + LARGEST_HEADER_BYTES + values * BYTES_PER_FLOAT32
    for file in record.manifest.files:
        most = LARGEST_CARD_BYTES if file.name == CARD else largest_weights
        if file.size_bytes > most:
            raise BrokenPackageError(
                f"{file.name} is declared with {file.size_bytes} bytes, but has {most} at most "
                f"with {record.card.architecture.kind} of {record.card.architecture.image_size} px"
            )


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


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
    found = (package.digest, package.card.centre, package.card.name, package.card)
    if found != (record.manifest_digest, record.centre, record.name, record.card):
        raise DigestMismatchError(
            f"{package.folder} holds {package.card.centre}/{package.card.name} with the manifest "
            f"digest {package.digest}, not the version that was asked for"
        )
    return package


def _parsed(body: type[Body], response: httpx.Response) -> Body:
    try:
        return body.model_validate_json(_whole(response))
    except ValidationError as error:
        message = f"HTTP {response.status_code} without a readable {body.__name__}"
        raise HubUnreadableError(message) from error


def _whole(response: httpx.Response) -> bytes:
    """Return a body that is not read yet, unless it is longer than any that a hub sends."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER_BYTES:
            raise HubUnreadableError(
                f"HTTP {response.status_code} without an end: more than "
                f"{LARGEST_ANSWER_BYTES} bytes came"
            )
    return bytes(body)
