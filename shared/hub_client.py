"""The only way to the hub. Knows its URLs, and believes nothing that it can check."""

import math
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx

from shared.bounded_http import Budget, http_client
from shared.errors import (
    BrokenPackageError,
    DigestMismatchError,
    HubAddressError,
    HubUnreachableError,
    HubUnreadableError,
    NoSuchWeightsError,
    PackageNotKeptError,
    PartlyFetchedError,
)
from shared.fetched_files import FileFetcher
from shared.files import put_in_place, sync_folder
from shared.hub_exchange import HubExchange, HubLimits, check, read
from shared.packages import (
    CARD,
    CHUNK_BYTES,
    LARGEST_CARD_BYTES,
    MANIFEST,
    Manifest,
    Package,
    add_to_package,
    canonical_json,
    check_card_against_manifest,
    keep_fetched,
    manifest_digest,
    open_package,
)
from shared.progress import OnProgress
from shared.records import (
    BlobDigests,
    CentreInvitation,
    CentreToken,
    GeneratorPage,
    GeneratorVersion,
)
from shared.repeats import Answer, Attempts, repeated
from shared.transfer_progress import Transfer, say_nothing
from shared.weight_choices import weights_named
from shared.weights import BYTES_PER_FLOAT32, LARGEST_HEADER_BYTES, inspect_weights

CHECKED_BYTES_PER_SECOND = 20_000_000  # a hub on a slow disk reads all weights before it answers
LARGEST_RECEIPT_BYTES = 64 << 10
MOST_PAGES = 10_000
JSON = {"Content-Type": "application/json"}
USUAL = HubLimits()


def connect(url: str, token: str | None, limits: HubLimits = USUAL) -> "HubClient":
    """Return a client of the hub at `url`; nothing is sent yet.

    Raises:
        HubAddressError: The URL or the token is malformed. The message never repeats a token.
    """
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise HubAddressError("the token holds blanks, line ends or characters beyond ASCII")
    try:
        http = http_client(url, token, timeout_seconds=limits.silence_seconds)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise HubAddressError(f"{url!r} is no URL of a hub: {error}") from error
    return HubClient(http, limits)


class HubClient:
    """Typed calls to the hub.

    Every method raises `HubUnreachableError`, `HubUnreadableError` or `HubRefusedError`.
    """

    def __init__(self, http: httpx.Client, limits: HubLimits = USUAL) -> None:
        self._exchange = HubExchange(http, limits)
        self._limits = limits

    def invite(self, name: str, *, renew: bool = False) -> str:
        """Enrol a centre, with the administrator's token, and return the centre's token.

        Raises:
            DigestMismatchError: The hub answered with another centre's.
        """
        body = CentreInvitation(name=name, renew=renew).model_dump()
        # Not made again: the first answer, if one was on its way, held the only token that counts.
        given = self._exchange.call(CentreToken, "POST", "/centres", harmless=False, json=body)
        if given.name != name:
            raise DigestMismatchError(f"the hub gives a token of {given.name}, not of {name}")
        return given.token

    def publish(
        self, package: Package, *, on_progress: OnProgress = say_nothing
    ) -> GeneratorVersion:
        """Upload what the hub lacks of a package, then publish it; harmless when repeated.

        Where the hub goes away in between, the files that it has are not sent again.

        Raises:
            PartlyFetchedError: Not every weight file is here.
            DigestMismatchError: The hub says that it published something else.
        """
        if not package.is_whole:
            raise PartlyFetchedError(f"{package.folder} holds only {package.extent} to publish")
        self._upload(package, on_progress)
        path = f"/generators/{package.card.centre}/{package.card.name}/versions"
        content, size = canonical_json(package.manifest), _size(package.manifest)
        seconds = self._limits.call_seconds + size / CHECKED_BYTES_PER_SECOND
        record = self._exchange.call(
            GeneratorVersion,
            "POST",
            path,
            budget=Budget(seconds),
            content=content,
            headers=JSON,
            timeout=seconds,
        )
        return _the_published(record, package)

    def _upload(self, package: Package, on_progress: OnProgress) -> None:
        files = {file.sha256: file for file in package.manifest.files}
        asked = BlobDigests(digests=tuple(files)).model_dump(mode="json")
        lacking = self._exchange.call(BlobDigests, "POST", "/blobs/missing", json=asked).digests
        missing = [files[digest] for digest in dict.fromkeys(lacking) if digest in files]
        transfer = Transfer(
            sum(file.size_bytes for file in missing), self._limits.transfer(), on_progress
        )
        for number, file in enumerate(missing, start=1):
            try:
                self._send(package.folder / file.name, f"/blobs/{file.sha256}", transfer)
            except HubUnreachableError as error:
                raise HubUnreachableError(
                    f"the upload of {file.name}, file {number} of {len(missing)}, broke off; "
                    f"publish again, and only what the hub lacks is sent: {error}"
                ) from error

    def _send(self, file: Path, path: str, transfer: Transfer) -> None:
        headers = {"Content-Length": str(file.stat().st_size)}
        sent_before = transfer.there_bytes

        def ask() -> Answer:
            transfer.go_back_to(sent_before)
            with self._exchange.opened(
                "PUT",
                path,
                budget=transfer.budget,
                most_bytes=LARGEST_RECEIPT_BYTES,
                content=_pieces(file, transfer),
                headers=headers,
            ) as response:
                return read(response, LARGEST_RECEIPT_BYTES)

        with self._exchange.named("PUT", path):
            check(repeated(ask, Attempts(self._limits.patience, transfer.budget)))

    def generators(self, centre: str | None = None) -> Iterator[GeneratorVersion]:
        """Yield every published version, newest first.

        Raises:
            HubUnreadableError: The pages lead in a circle, have no end, or hold what was not asked
                for.
        """
        seen: set[tuple[str, str, int]] = set()
        budget = Budget(self._limits.listing_seconds)
        for page in self._pages(centre, budget):
            for record in page.items:
                key = (record.centre, record.name, record.version)
                if key in seen or centre not in {None, record.centre}:
                    what = f"version {record.version} of {record.centre}/{record.name}"
                    why = "twice" if key in seen else f"in a list of {centre}'s"
                    raise HubUnreadableError(f"the hub lists {what} {why}")
                seen.add(key)
                yield record

    def _pages(self, centre: str | None, budget: Budget) -> Iterator[GeneratorPage]:
        cursor: int | None = None
        for _ in range(MOST_PAGES):
            given = {"centre": centre, "cursor": cursor}
            parameters = {key: value for key, value in given.items() if value is not None}
            with self._exchange.named("GET", "/generators"):
                seconds = min(self._limits.call_seconds, budget.left())
            page = self._exchange.call(
                GeneratorPage, "GET", "/generators", budget=Budget(seconds), params=parameters
            )
            if page.next_cursor is None:
                yield page
                return
            if cursor is not None and page.next_cursor >= cursor:
                raise HubUnreadableError(
                    f"the page after {cursor} leads on to {page.next_cursor}, not further back"
                )
            if not page.items:
                raise HubUnreadableError(f"an empty page leads on to {page.next_cursor}")
            yield page
            cursor = page.next_cursor
        raise HubUnreadableError(f"the hub's list has more than {MOST_PAGES} pages")

    def version(self, centre: str, name: str, version: int | None) -> GeneratorVersion:
        """Return one version's record; None is the latest.

        Raises:
            DigestMismatchError: The hub answered with another generator or version.
        """
        path = f"/generators/{centre}/{name}/versions/{version or 'latest'}"
        record = self._exchange.call(GeneratorVersion, "GET", path)
        if (record.centre, record.name) != (centre, name):
            raise DigestMismatchError(
                f"the hub's record is of {record.centre}/{record.name}, not of {centre}/{name}"
            )
        if version not in {None, record.version} or record.version < 1:
            raise DigestMismatchError(
                f"the hub's record is of version {record.version}, not of the "
                f"{version or 'latest'} that was asked for"
            )
        _check_record(record)
        return record

    def fetch(
        self,
        record: GeneratorVersion,
        folder: Path,
        *,
        weights: Collection[str] | None = None,
        on_progress: OnProgress = say_nothing,
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
        _check_record(record)
        _check_sizes(record)
        wanted = _wanted(record, weights)
        if not folder.exists() or _is_empty(folder):
            fetched = self._fetch_part(record, folder, wanted, on_progress)
            put_in_place(fetched.folder, folder.absolute())
            return replace(fetched, folder=folder)
        if not (folder / MANIFEST).is_file():
            raise PackageNotKeptError(f"{folder} is there already, and is no package to add to")
        package = _the_one(open_package(folder, partly=True), record)
        held = {file.name for file in package.weights}
        if wanted <= held:
            return package
        fetched = self._fetch_part(record, folder, wanted - held, on_progress)
        add_to_package(fetched.folder, folder, record.manifest, held | wanted)
        shutil.rmtree(fetched.folder)
        return replace(package, weights=weights_named(package.card, held | wanted))

    def _fetch_part(
        self,
        record: GeneratorVersion,
        folder: Path,
        names: Collection[str],
        on_progress: OnProgress,
    ) -> Package:
        """Fetch card, manifest and some weight files to a folder beside `folder`, verified."""
        folder = folder.absolute()
        partial = folder.with_name(f".{folder.name}.part")
        partial.mkdir(parents=True, exist_ok=True)
        files = [file for file in record.manifest.files if file.name in {CARD, *names}]
        for left_over in {path.name for path in partial.iterdir()} - {file.name for file in files}:
            (partial / left_over).unlink()
        total = sum(file.size_bytes for file in files)
        transfer = Transfer(total, self._limits.transfer(), on_progress)
        fetcher = FileFetcher(self._exchange, transfer)
        base = f"/generators/{record.centre}/{record.name}/versions/{record.version}/files"
        for file in files:
            with self._exchange.named("GET", f"{base}/{file.name}"):
                fetcher.fetch(f"{base}/{file.name}", partial / file.name, file)
        package = _the_one(keep_fetched(partial, record.manifest, names), record)
        for weights in package.weights:
            inspect_weights(partial / weights.name, package.card.architecture.generator_tensors())
        sync_folder(partial)
        return package


def _pieces(file: Path, transfer: Transfer) -> Iterable[bytes]:
    """Read a file anew for each attempt to send it; a piece counts when the next is asked for."""
    with file.open("rb") as content:
        while piece := content.read(CHUNK_BYTES):
            yield piece
            transfer.moved(file.name, len(piece))


def _check_record(record: GeneratorVersion) -> None:
    """Check that a record's digest is that of its manifest.

    Raises:
        DigestMismatchError: It is not.
    """
    digest = manifest_digest(record.manifest)
    if digest != record.manifest_digest:
        raise DigestMismatchError(
            f"the manifest has the digest {digest}, but the hub says {record.manifest_digest}"
        )


def _the_published(record: GeneratorVersion, package: Package) -> GeneratorVersion:
    _check_record(record)
    card = package.card
    found = (record.manifest_digest, record.centre, record.name, record.card)
    if found != (package.digest, card.centre, card.name, card) or record.version < 1:
        raise DigestMismatchError(
            f"the hub says that it published version {record.version} of "
            f"{record.centre}/{record.name} with the manifest digest {record.manifest_digest}, "
            f"not {card.centre}/{card.name} with {package.digest}"
        )
    return record


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
