"""The rules of publishing and finding generators. Knows nothing of HTTP or SQL."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from hub.errors import (
    FileNotInVersionError,
    ForeignCentreError,
    GeneratorNotFoundError,
    MissingBlobsError,
    PublicationRefusedError,
    StatementExistsError,
    StatementNotFoundError,
)
from hub.life_cycle.approval import Candidate
from hub.life_cycle.service import LifeCycle, check_served, may_see
from hub.life_cycle.store import Place
from hub.life_cycle.use_limits import check_use
from hub.registry.blobs import BlobStore
from hub.registry.inspections import Inspections
from hub.registry.store import ListedPage, VersionFilter, VersionStore
from shared.access import Caller
from shared.cards import ModelCard
from shared.errors import StatementRefusedError
from shared.packages import (
    CARD,
    LARGEST_CARD_BYTES,
    Manifest,
    ManifestFile,
    check_card_against_manifest,
    check_distinct,
    check_samples,
)
from shared.preconditions import CheckDocument, unconditional
from shared.publishable import card_to_publish
from shared.records import GeneratorVersion
from shared.screening import prose_fault
from shared.statements import AuditStatement, StatedWaiver, read_statement
from shared.states import APPROVED, ENDED, VersionState

MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a version, which is stored.

    Attributes:
        state: Of the version, if it is not simply approved.
    """

    record: GeneratorVersion
    file: ManifestFile
    state: VersionState | None


class Registry:
    """Published generators."""

    def __init__(
        self,
        versions: VersionStore,
        blobs: BlobStore,
        inspections: Inspections,
        life_cycle: LifeCycle,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._versions = versions
        self.blobs = blobs
        self._inspections = inspections
        self._life_cycle = life_cycle
        self._clock = clock

    def check_may_publish(self, centre: str, *, caller: Caller) -> None:
        """Check who publishes, before what is published is read.

        Raises:
            ForeignCentreError: `caller` is not `centre`.
        """
        if caller.name != centre:
            raise ForeignCentreError(f"{caller.name} cannot publish under the name of {centre}")

    def missing(self, digests: Iterable[str]) -> tuple[str, ...]:
        """Return the digests of files that are not stored, each once."""
        return tuple(
            digest for digest in dict.fromkeys(digests) if not self.blobs.shelf.want(digest)
        )

    def publish(
        self,
        centre: str,
        name: str,
        manifest: Manifest,
        *,
        caller: Caller,
        draft: bool = False,
        check_versions: CheckDocument = unconditional,
    ) -> tuple[GeneratorVersion, bool]:
        """Publish a package whose files are uploaded; accept only what can be checked.

        Args:
            draft: Whether it is for the centre's own eyes, until the centre hands it in.
            check_versions: Raises if the generator's versions are not those that are meant; called
                in the step that adds one.

        Returns:
            The version, and whether it is new: the same manifest again returns what is there.

        Raises:
            ForeignCentreError: `caller` is not `centre`.
            MissingBlobsError, PublicationRefusedError: The package is incomplete or inconsistent.
            PackageError: Card, digests or weights are wrong.
        """
        self.check_may_publish(centre, caller=caller)
        self._check_uploaded(manifest)
        known = self._versions.published(centre, name, manifest)
        if known is not None:
            return known, False
        check_distinct(manifest)
        card = self._card(manifest)
        if (card.centre, card.name) != (centre, name):
            raise PublicationRefusedError(
                f"the card is of {card.centre}/{card.name}, but was published as {centre}/{name}"
            )
        check_card_against_manifest(card, manifest)
        check_samples(manifest, lambda file: self.blobs.read(file.sha256))
        self._inspections.check(card.weights, card.architecture)
        record, new = self._versions.add(
            card,
            manifest,
            now=self._clock(),
            by=caller,
            check=self._check_uploaded,
            state=self._life_cycle.first_state(draft=draft),
            check_versions=check_versions,
        )
        return self.consider(record), new

    def consider(self, record: GeneratorVersion) -> GeneratorVersion:
        """Return a version that pends as one that is approved, if the hub's rules hold for it now.

        To be called when something that a rule asks for has come.
        """
        if record.state != "pending_review":
            return record
        stated = self._versions.statement(record)
        statement = None if stated is None else AuditStatement.model_validate_json(stated)
        state = self._life_cycle.consider(Candidate(record, statement))
        return record.model_copy(update={"state": state})

    def find(self, centre: str, name: str, version: int | None, caller: Caller) -> GeneratorVersion:
        """Return one version; None asks for the latest that is approved or deprecated.

        Raises:
            GeneratorNotFoundError: There is none that the caller may see.
            VersionWithdrawnError: The latest is asked for, and all were withdrawn.
        """
        record = self._versions.find(centre, name, version)
        if record is not None and may_see(record.state, centre, caller):
            return record
        if version is None:
            self._check_not_withdrawn(centre, name, caller)
        which = "any version" if version is None else f"version {version}"
        raise GeneratorNotFoundError(f"there is no generator {centre}/{name} in {which}")

    def _check_not_withdrawn(self, centre: str, name: str, caller: Caller) -> None:
        last = self._versions.find(centre, name, None, states=ENDED)
        if last is not None:
            check_served(self._life_cycle.find(Place(centre, name, last.version), caller), caller)

    def state(
        self, centre: str, name: str, version: int, content: bytes, *, caller: Caller
    ) -> tuple[AuditStatement, bool]:
        """Keep what a centre states of the audit of one of its versions.

        Returns:
            The statement, and whether it is new: the same again changes nothing.

        Raises:
            ForeignCentreError: `caller` is not `centre`.
            GeneratorNotFoundError: There is no such version.
            StatementRefusedError: It is no statement, or one of another package.
            StatementExistsError: Another one is there.
        """
        self.check_may_publish(centre, caller=caller)
        record = self.find(centre, name, version, caller)
        statement = read_statement(content, subject=record.manifest_digest)
        if statement.waiver is not None:
            _check_words(statement.waiver)
        kept, new = self._versions.state(record, statement, now=self._clock(), by=caller)
        if kept != statement:
            raise StatementExistsError(
                f"version {version} of {centre}/{name} has another audit statement already"
            )
        self.consider(record)
        return kept, new

    def statement(self, centre: str, name: str, version: int | None, caller: Caller) -> str:
        """Return what is stated of a version's audit, as canonical JSON.

        Raises:
            GeneratorNotFoundError, StatementNotFoundError: There is none.
        """
        record = self.find(centre, name, version, caller)
        content = self._versions.statement(record)
        if content is None:
            raise StatementNotFoundError(
                f"nothing is stated of the audit of version {record.version} of {centre}/{name}"
            )
        return content

    def versions(self, centre: str, name: str, wanted: VersionFilter) -> str:
        """Return a generator's versions, newest first, as JSON.

        Args:
            wanted: Its state and viewer say which of them.

        Raises:
            GeneratorNotFoundError: There is none.
        """
        versions = self._versions.versions(centre, name, wanted)
        if versions is None:
            raise GeneratorNotFoundError(f"there is no generator {centre}/{name} in any version")
        return versions

    def page(
        self, wanted: VersionFilter, *, cursor: int | None, limit: int, summary: bool
    ) -> ListedPage:
        """Return a page of versions, newest first."""
        return self._versions.page(wanted, cursor=cursor, limit=limit, summary=summary)

    def file(
        self, centre: str, name: str, version: int | None, file: str, caller: Caller
    ) -> FoundFile:
        """Return a version's file, if it is served to the caller.

        Raises:
            GeneratorNotFoundError, FileNotInVersionError: There is none.
            VersionWithdrawnError, VersionQuarantinedError: It is not served any more.
            NotForThisCentreError, UseExpiredError: Its terms do not let it go to the caller.
        """
        record = self.find(centre, name, version, caller)
        state = None
        if record.state != APPROVED:
            state = self._life_cycle.find(Place(centre, name, record.version), caller)
            check_served(state, caller)
        check_use(record.card, caller, today=self._clock().date())
        for listed in record.manifest.files:
            if listed.name == file:
                return FoundFile(record, listed, state)
        raise FileNotInVersionError(
            f"version {record.version} of {centre}/{name} has no file of that name"
        )

    def _check_uploaded(self, manifest: Manifest) -> None:
        sizes = [self.blobs.size(file.sha256) for file in manifest.files]
        found = list(zip(manifest.files, sizes, strict=True))
        missing = [file.name for file, size in found if size is None]
        if missing:
            more = len(missing) - MOST_NAMED
            raise MissingBlobsError(
                f"not uploaded: {', '.join(missing[:MOST_NAMED])}"
                + (f" and {more} more" if more > 0 else "")
            )
        for file, size in found:
            if size != file.size_bytes:
                raise PublicationRefusedError(
                    f"{file.name} has {size} bytes, but the manifest says {file.size_bytes}"
                )

    def _card(self, manifest: Manifest) -> ModelCard:
        cards = [file for file in manifest.files if file.name == CARD]
        if len(cards) != 1 or cards[0].size_bytes > LARGEST_CARD_BYTES:
            raise PublicationRefusedError(
                f"the manifest must list one {CARD} of at most {LARGEST_CARD_BYTES} bytes"
            )
        return card_to_publish(self.blobs.read(cards[0].sha256))


def _check_words(waiver: StatedWaiver) -> None:
    for field, text in (("by", waiver.by), ("reason", waiver.reason)):
        if fault := prose_fault(text):
            raise StatementRefusedError(f"the waiver's {field} is refused: {fault}")
