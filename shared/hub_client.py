"""The only way to the hub. Knows its URLs, and believes nothing that it can check."""

import shutil
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from shared.bounded_http import http_client
from shared.budgets import Budget
from shared.canonical import canonical_json, digest_of
from shared.errors import (
    BrokenPackageError,
    DigestMismatchError,
    HubAddressError,
    HubRefusedError,
    HubUnreadableError,
    NoSuchWeightsError,
    PackageNotKeptError,
    PartlyFetchedError,
    StatementRefusedError,
)
from shared.fetched_files import FileFetcher
from shared.files import (
    ANOTHER_FOLDER,
    put_in_place,
    sync,
    sync_folder,
    work_folder,
    write_whole,
)
from shared.hub_exchange import JSON, NO_SUCH_ROUTE, HubExchange, HubLimits, version_path
from shared.life_cycle_calls import LifeCycleCalls
from shared.marks import keep_mark
from shared.packages import (
    MANIFEST,
    MARK,
    WITH_CARD,
    Manifest,
    Package,
    add_to_package,
    keep_fetched,
    manifest_digest,
    manifest_in,
    open_package,
    sound_files,
)
from shared.progress import OnProgress, Progress
from shared.receipt_calls import ReceiptCalls
from shared.record_checks import check_published, check_record, check_sizes, the_one
from shared.records import (
    CallerIdentity,
    CentreFetches,
    CentreInvitation,
    CentreToken,
    GeneratorPage,
    GeneratorVersion,
)
from shared.sent_files import missing_files, send_files
from shared.signing_calls import SigningCalls
from shared.statements import STATEMENT, AuditStatement, check_subject
from shared.states import (
    APPROVED,
    State,
)
from shared.transfer_progress import MB, Transfer, say_nothing
from shared.weight_choices import weights_named
from shared.weights import inspect_weights

CHECKED_BYTES_PER_SECOND = 20_000_000  # a hub on a slow disk reads all weights before it answers
MOST_PAGES = 10_000
USUAL = HubLimits()


def connect(
    url: str, token: str | None, limits: HubLimits = USUAL, *, allow_unencrypted: bool = False
) -> "HubClient":
    """Return a client of the hub at `url`; nothing is sent yet.

    Args:
        allow_unencrypted: Whether the token may go to another machine over plain HTTP.

    Raises:
        HubAddressError: The URL or the token is malformed. The message never repeats a token.
        UnencryptedError: The token would go to another machine over plain HTTP.
    """
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise HubAddressError("the token holds blanks, line ends or characters beyond ASCII")
    try:
        http = http_client(
            url,
            token,
            timeout_seconds=limits.silence_seconds,
            allow_unencrypted=allow_unencrypted,
        )
    except (httpx.InvalidURL, UnicodeError) as error:
        without_password = url.rpartition("@")[2]
        raise HubAddressError(f"{without_password!r} is no URL of a hub: {error}") from error
    return HubClient(http, limits)


@dataclass(frozen=True, slots=True)
class Publication:
    """A version at the hub, and whether this call made it: the same package again is the same."""

    record: GeneratorVersion
    is_new: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What a hub told of a version: what is stated of its audit; None: nothing."""

    statement: AuditStatement | None


class HubClient:
    """Typed calls to the hub.

    Every method raises `HubUnreachableError`, `HubUnreadableError` or `HubRefusedError`.
    """

    def __init__(self, http: httpx.Client, limits: HubLimits = USUAL) -> None:
        self._exchange = HubExchange(http, limits)
        self._limits = limits
        self.signing = SigningCalls(self._exchange)
        self.receipts = ReceiptCalls(self._exchange)
        self.life_cycle = LifeCycleCalls(self._exchange)

    @property
    def limits(self) -> HubLimits:
        """How long the hub is waited for."""
        return self._limits

    @property
    def url(self) -> str:
        """The hub's address, without a password that it may hold."""
        return self._exchange.url

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

    def whoami(self) -> CallerIdentity | None:
        """Return whose token this client sends, as the hub knows it.

        None: a hub of an earlier version, which took the token, does not tell.
        """
        try:
            return self._exchange.call(CallerIdentity, "GET", "/centres/me")
        except HubRefusedError as error:
            if error.problem.code != NO_SUCH_ROUTE:
                raise
        self._exchange.call(GeneratorPage, "GET", "/generators", params={"limit": 1})
        return None

    def fetches(self, centre: str) -> CentreFetches | None:
        """Return who fetched a centre's generators; None of a hub of before, which tells nobody."""
        try:
            return self._exchange.call(CentreFetches, "GET", f"/centres/{centre}/fetches")
        except HubRefusedError as error:
            if error.problem.code != NO_SUCH_ROUTE:
                raise
            return None

    def publish(
        self, package: Package, *, draft: bool = False, on_progress: OnProgress = say_nothing
    ) -> GeneratorVersion:
        """Upload what the hub lacks of a package, then publish it; as `publication` does."""
        return self.publication(package, draft=draft, on_progress=on_progress).record

    def publication(
        self,
        package: Package,
        *,
        draft: bool = False,
        on_progress: OnProgress = say_nothing,
        on_sending: Callable[[], object] = lambda: None,
    ) -> Publication:
        """Upload what the hub lacks of a package, then publish it; harmless when repeated.

        Where the hub goes away in between, the files that it has are not sent again.

        Args:
            draft: Whether nobody else is to see it until it is handed in.
            on_sending: Called once, before the hub gets anything of the package but its digests.

        Raises:
            PartlyFetchedError: Not every weight file is here.
            HubTurnedAwayError: The hub refuses the caller; nothing was sent.
            DigestMismatchError: The hub says that it published something else.
        """
        if not package.is_whole:
            raise PartlyFetchedError(f"{package.folder} holds only {package.extent} to publish")
        missing = missing_files(self._exchange, package)
        on_sending()
        send_files(self._exchange, package, missing, on_progress)
        path = f"/generators/{package.card.centre}/{package.card.name}/versions"
        content, size = canonical_json(package.manifest), _size(package.manifest)
        seconds = self._limits.call_seconds + size / CHECKED_BYTES_PER_SECOND
        record, status = self._exchange.call_with_status(
            GeneratorVersion,
            "POST",
            f"{path}?draft=true" if draft else path,
            budget=Budget(seconds),
            content=content,
            headers=JSON,
            timeout=seconds,
        )
        return Publication(check_published(record, package), status == httpx.codes.CREATED)

    def state(self, record: GeneratorVersion, statement: AuditStatement) -> GeneratorVersion:
        """Send what is stated of a version's audit; harmless when repeated.

        Raises:
            StatementRefusedError: It speaks of another package, or the hub keeps another one.
        """
        check_subject(statement, record.manifest_digest)
        content = canonical_json(statement)
        kept = self._exchange.call(
            AuditStatement, "PUT", _statement_path(record), content=content, headers=JSON
        )
        if canonical_json(kept) != content:
            raise StatementRefusedError(f"the hub keeps another {STATEMENT} than the one sent")
        stated = record.model_copy(update={"audit_statement": digest_of(statement)})
        if record.state != "pending_review":
            return stated
        now = self.life_cycle.state_of(record)  # what a rule of the hub waited for may have come
        return stated.model_copy(update={"state": now.state})

    def statement(self, record: GeneratorVersion) -> AuditStatement | None:
        """Return what its centre states of a version's audit, None if nothing.

        Raises:
            StatementRefusedError: It speaks of another package, or is not the one on record.
        """
        if record.audit_statement is None:
            return None
        statement = self._exchange.call(AuditStatement, "GET", _statement_path(record))
        check_subject(statement, record.manifest_digest)
        if digest_of(statement) != record.audit_statement:
            raise StatementRefusedError(
                f"the statement has the digest {digest_of(statement)}, but the version's record "
                f"says {record.audit_statement}: it was changed"
            )
        return statement

    def generators(
        self, centre: str | None = None, state: State | None = None
    ) -> Iterator[GeneratorVersion]:
        """Yield every published version, newest first.

        Args:
            state: Of those that are listed; None: approved or deprecated, and the caller's own.

        Raises:
            HubUnreadableError: The pages lead in a circle, have no end, or hold what was not asked
                for.
        """
        seen: set[tuple[str, str, int]] = set()
        budget = Budget(self._limits.listing_seconds)
        for page in self._pages(centre, state, budget):
            for record in page.items:
                key = (record.centre, record.name, record.version)
                if key in seen or centre not in {None, record.centre}:
                    what = f"version {record.version} of {record.centre}/{record.name}"
                    why = "twice" if key in seen else f"in a list of {centre}'s"
                    raise HubUnreadableError(f"the hub lists {what} {why}")
                seen.add(key)
                yield record

    def _pages(
        self, centre: str | None, state: State | None, budget: Budget
    ) -> Iterator[GeneratorPage]:
        cursor: int | None = None
        for _ in range(MOST_PAGES):
            given = {"centre": centre, "state": state, "cursor": cursor}
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
        check_record(record)
        return record

    def fetch(
        self,
        record: GeneratorVersion,
        folder: Path,
        *,
        weights: Collection[str] | None = None,
        told: Told | None = None,
        on_progress: OnProgress = say_nothing,
    ) -> Package:
        """Fetch a version's files to `folder`, verified; they appear complete or not at all.

        A fetch that broke off goes on where it stopped, and what a folder has is not fetched
        again: to a part of a package, the rest can be added. What was damaged there is fetched
        again, and said. Of two fetches to one folder, the second waits, and says so.

        Args:
            weights: Names of the weight files to fetch; None is all.
            told: What the hub was asked before; None: it is asked.

        Raises:
            DigestMismatchError: A file is not the one that the manifest declares.
            NoSuchWeightsError: The version has no weight file of a name.
            BrokenPackageError: A size is declared that no package of the architecture has.
            WeightsRefusedError: The weights are not those of the card's architecture.
            PackageNotKeptError: Something else is in the folder.
            StatementRefusedError: What is stated of its audit is of another package, or was
                changed.
        """
        check_record(record)
        check_sizes(record)
        wanted = _wanted(record, weights)
        place = folder.absolute()
        partial = place.with_name(f".{place.name}.part")

        def tell() -> None:
            waits = f"another process fetches to {folder}; this one waits until it has ended"
            on_progress(_not_begun(record, waits))

        statement = self.statement(record) if told is None else told.statement
        with work_folder(partial, on_wait=tell):
            package = self._complete(record, folder, partial, wanted, on_progress)
            if statement is not None:
                _keep_statement(folder, statement)
            if record.state != APPROVED or (folder / MARK).exists():
                keep_mark(folder, self.life_cycle.state_of(record))
        return package

    def _complete(
        self,
        record: GeneratorVersion,
        folder: Path,
        partial: Path,
        wanted: set[str],
        on_progress: OnProgress,
    ) -> Package:
        """Fetch to `partial` what `folder` lacks, and move it to its place."""
        if not folder.exists() or _is_empty(folder):
            fetched = self._fetch_part(record, partial, wanted, on_progress)
            put_in_place(partial, folder.absolute())
            return replace(fetched, folder=folder)
        if not ((folder / MANIFEST).is_file() or folder.name == record.manifest_digest):
            raise PackageNotKeptError(
                f"{folder} is there already, and is no package to add to", hint=ANOTHER_FOLDER
            )
        try:
            package = the_one(open_package(folder, partly=True), record)
        except (BrokenPackageError, DigestMismatchError) as error:
            if not _is_of(folder, record):
                raise
            mends = f"a file was damaged since it was fetched, and is fetched again: {error}"
            on_progress(_not_begun(record, mends))
            return self._mended(record, folder, partial, wanted, on_progress)
        held = {file.name for file in package.weights}
        if wanted <= held:
            return package
        self._fetch_part(record, partial, wanted - held, on_progress)
        add_to_package(partial, folder, record.manifest, held | wanted)
        shutil.rmtree(partial)
        return replace(package, weights=weights_named(package.card, held | wanted))

    def _mended(
        self,
        record: GeneratorVersion,
        folder: Path,
        partial: Path,
        wanted: set[str],
        on_progress: OnProgress,
    ) -> Package:
        """Fetch again what is damaged or lost in a folder; nothing else in it is touched."""
        files = record.manifest.files
        there = {file.name for file in files if (folder / file.name).exists()} - WITH_CARD
        damaged = (there | wanted) - sound_files(folder, record.manifest)
        self._fetch_part(record, partial, damaged, on_progress)
        add_to_package(partial, folder, record.manifest, there | wanted)
        shutil.rmtree(partial)
        return the_one(open_package(folder, partly=True), record)

    def _fetch_part(
        self,
        record: GeneratorVersion,
        partial: Path,
        names: Collection[str],
        on_progress: OnProgress,
    ) -> Package:
        """Fetch card, manifest and some weight files to a folder, verified."""
        files = [file for file in record.manifest.files if file.name in {*WITH_CARD, *names}]
        for left_over in {path.name for path in partial.iterdir()} - {file.name for file in files}:
            (partial / left_over).unlink()
        total = sum(file.size_bytes for file in files)
        synced: list[Future[None]] = []
        transfer = Transfer(total, self._limits.transfer(), on_progress)
        fetcher = FileFetcher(self._exchange, transfer)
        base = f"{version_path(record)}/files"
        tensors = record.card.architecture.generator_tensors()
        # To force a file to the disk takes as long as to look into it: both happen at once.
        with ThreadPoolExecutor(max_workers=1) as disk:
            for file in files:
                with self._exchange.named("GET", f"{base}/{file.name}"):
                    fetcher.fetch(f"{base}/{file.name}", partial / file.name, file)
                synced.append(disk.submit(sync, partial / file.name))
            package = the_one(keep_fetched(partial, record.manifest, names), record)
            for weights in package.weights:
                inspect_weights(partial / weights.name, tensors)
        for each in synced:
            each.result()
        sync_folder(partial)
        return package


def _statement_path(record: GeneratorVersion) -> str:
    return f"{version_path(record)}/statements/audit"


def _keep_statement(folder: Path, statement: AuditStatement) -> None:
    """Keep a statement beside its package.

    Raises:
        StatementRefusedError: Another one lies there.
    """
    path, content = folder / STATEMENT, canonical_json(statement)
    if path.exists() and path.read_bytes() != content:
        raise StatementRefusedError(f"{path} is not the statement that the hub has: it was changed")
    write_whole(path, lambda file: file.write(content))


def _size(manifest: Manifest) -> int:
    return sum(file.size_bytes for file in manifest.files)


def _not_begun(record: GeneratorVersion, warning: str) -> Progress:
    megabytes = -(-_size(record.manifest) // MB)
    return Progress(done=0, total=megabytes, unit="MB", warning=warning)


def _is_of(folder: Path, record: GeneratorVersion) -> bool:
    """Tell whether a folder holds a version's package, be it damaged."""
    if folder.name == record.manifest_digest:
        return True
    try:
        return manifest_digest(manifest_in(folder)) == record.manifest_digest
    except BrokenPackageError:
        return False


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _wanted(record: GeneratorVersion, weights: Collection[str] | None) -> set[str]:
    """Return the names of the weight files to fetch, all of them in the manifest."""
    listed = {file.name for file in record.manifest.files} - WITH_CARD
    if weights is None:
        return listed
    unknown = set(weights) - listed
    if unknown:
        raise NoSuchWeightsError(
            f"version {record.version} of {record.centre}/{record.name} has no weight file "
            f"{min(unknown)}; it has {len(listed)}, from {min(listed)} to {max(listed)}"
        )
    return set(weights)
