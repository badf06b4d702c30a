"""The rules of publishing and finding generators. Knows nothing of HTTP or SQL."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from hub.errors import (
    FileNotInVersionError,
    ForeignCentreError,
    GeneratorNotFoundError,
    MissingBlobsError,
    PublicationRefusedError,
    StatementExistsError,
    StatementNotFoundError,
)
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
)
from shared.preconditions import CheckDocument, unconditional
from shared.publishable import card_to_publish
from shared.records import GeneratorVersion
from shared.screening import prose_fault
from shared.statements import AuditStatement, StatedWaiver, read_statement

MOST_NAMED = 10


class Registry:
    """Published generators."""

    def __init__(
        self,
        versions: VersionStore,
        blobs: BlobStore,
        inspections: Inspections,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._versions = versions
        self.blobs = blobs
        self._inspections = inspections
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
            digest for digest in dict.fromkeys(digests) if not self.blobs.is_wanted(digest)
        )

    def publish(
        self,
        centre: str,
        name: str,
        manifest: Manifest,
        *,
        caller: Caller,
        check_versions: CheckDocument = unconditional,
    ) -> tuple[GeneratorVersion, bool]:
        """Publish a package whose files are uploaded; accept only what can be checked.

        Args:
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
        self._inspections.check(card.weights, card.architecture)
        return self._versions.add(
            card,
            manifest,
            now=self._clock(),
            by=caller,
            check=self._check_uploaded,
            check_versions=check_versions,
        )

    def find(self, centre: str, name: str, version: int | None) -> GeneratorVersion:
        """Return one version; None asks for the latest.

        Raises:
            GeneratorNotFoundError: There is none.
        """
        record = self._versions.find(centre, name, version)
        if record is None:
            which = "any version" if version is None else f"version {version}"
            raise GeneratorNotFoundError(f"there is no generator {centre}/{name} in {which}")
        return record

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
        record = self.find(centre, name, version)
        statement = read_statement(content, subject=record.manifest_digest)
        if statement.waiver is not None:
            _check_words(statement.waiver)
        kept, new = self._versions.state(record, statement, now=self._clock(), by=caller)
        if kept != statement:
            raise StatementExistsError(
                f"version {version} of {centre}/{name} has another audit statement already"
            )
        return kept, new

    def statement(self, centre: str, name: str, version: int | None) -> str:
        """Return what is stated of a version's audit, as canonical JSON.

        Raises:
            GeneratorNotFoundError, StatementNotFoundError: There is none.
        """
        record = self.find(centre, name, version)
        content = self._versions.statement(record)
        if content is None:
            raise StatementNotFoundError(
                f"nothing is stated of the audit of version {record.version} of {centre}/{name}"
            )
        return content

    def versions(self, centre: str, name: str) -> str:
        """Return every version of a generator, newest first, as JSON.

        Raises:
            GeneratorNotFoundError: There is none.
        """
        versions = self._versions.versions(centre, name)
        if versions is None:
            raise GeneratorNotFoundError(f"there is no generator {centre}/{name} in any version")
        return versions

    def page(
        self, wanted: VersionFilter, *, cursor: int | None, limit: int, summary: bool
    ) -> ListedPage:
        """Return a page of versions, newest first."""
        return self._versions.page(wanted, cursor=cursor, limit=limit, summary=summary)

    def file(
        self, centre: str, name: str, version: int | None, file: str
    ) -> tuple[GeneratorVersion, ManifestFile, Path]:
        """Return a version, one of its files, and where that lies.

        Raises:
            GeneratorNotFoundError, FileNotInVersionError: There is none.
        """
        record = self.find(centre, name, version)
        for listed in record.manifest.files:
            if listed.name == file:
                return record, listed, self.blobs.path(listed.sha256)
        raise FileNotInVersionError(
            f"version {record.version} of {centre}/{name} has no file of that name"
        )

    def _check_uploaded(self, manifest: Manifest) -> None:
        missing = [file.name for file in manifest.files if not self.blobs.has(file.sha256)]
        if missing:
            more = len(missing) - MOST_NAMED
            raise MissingBlobsError(
                f"not uploaded: {', '.join(missing[:MOST_NAMED])}"
                + (f" and {more} more" if more > 0 else "")
            )
        for file in manifest.files:
            size = self.blobs.path(file.sha256).stat().st_size
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
        return card_to_publish(self.blobs.path(cards[0].sha256).read_bytes())


def _check_words(waiver: StatedWaiver) -> None:
    for field, text in (("by", waiver.by), ("reason", waiver.reason)):
        if fault := prose_fault(text):
            raise StatementRefusedError(f"the waiver's {field} is refused: {fault}")
