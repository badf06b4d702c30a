"""Checks a whole hub: the log's chain, every file, and every version's records."""

import hashlib
from collections.abc import Iterable, Iterator

from pydantic import Field, ValidationError
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DatabaseError

from hub.audit_log.centre_checks import CentreChecks
from hub.audit_log.chain import Chain, Fault, LogRow
from hub.audit_log.events import Action, Entry
from hub.audit_log.signature_checks import SignatureChecks
from hub.audit_log.state_checks import alias_faults, change_faults, state_faults
from hub.audit_log.stored_versions import (
    ROWS_AT_ONCE,
    StoredVersion,
    kinds_of,
    stored_versions,
    time_faults,
)
from hub.database import LogEntryRow
from hub.dialects import POSTGRES, as_stored, read_at_one_moment
from hub.errors import BlobNotFoundError
from hub.registry.shelves import Shelf
from shared.canonical import canonical_json
from shared.cards import ModelCard
from shared.counts import counted
from shared.models import StrictModel
from shared.packages import CARD, Manifest
from shared.progress import OnProgress, Progress
from shared.records import LogHead

MEGABYTE = 1_000_000


class Verification(StrictModel):
    """What was checked of a hub, and what is not as it was written."""

    entries: int
    head: LogHead
    versions: int
    statements: int
    signatures: int
    files: int
    size_bytes: int
    older_centres: int = Field(description="Enrolled before the log began, as far as is known.")
    faults: tuple[Fault, ...] = Field(description="In the order in which they were found.")

    def __str__(self) -> str:
        older = f", centres older than the log: {self.older_centres}" if self.older_centres else ""
        return (
            f"checked log entries: {self.entries}, versions with manifest and card: "
            f"{self.versions}, statements: {self.statements}, signatures: {self.signatures}, "
            f"files: {self.files} "
            f"({self.size_bytes} bytes){older}; "
            f"the log's head is {self.head.number}:{self.head.sha256}"
        )


class Verifier:
    """Checks a hub, at one moment of its database; the hub may serve meanwhile."""

    def __init__(self, engine: Engine, shelf: Shelf, *, on_progress: OnProgress) -> None:
        self._engine = engine
        self._shelf = shelf
        self._on_progress = on_progress
        self._referred: dict[str, str] = {}  # by digest, the first version that has it
        self._versions = self._statements = self._files = self._size_bytes = 0

    def verify(self, heads: Iterable[LogHead] = ()) -> Verification:
        """Check everything.

        Args:
            heads: Heads of the log that were kept, which must still be in it.
        """
        chain = Chain(heads)
        with self._engine.connect() as connection:
            read_at_one_moment(connection)
            faults = [
                *_told_if_broken(_database_faults(connection)),
                *_told_if_broken(chain.check(_log_rows(connection))),
                *_told_if_broken(self._version_faults(connection, chain)),
                *_told_if_broken(state_faults(connection, chain)),
                *_told_if_broken(alias_faults(connection, chain)),
                *_told_if_broken(change_faults(connection, chain)),
                *_told_if_broken((centres := CentreChecks(connection, chain)).check()),
                *_told_if_broken((signed := SignatureChecks(connection, chain)).check()),
            ]
        faults += self._file_faults()
        if self._files and not (faults or chain.entries or self._versions or centres.older):
            files = counted(self._files, "file is", "files are")
            what = f"it tells of nothing, and {files} stored beside it"
            faults.append(Fault(place="database", what=what))
        return Verification(
            entries=chain.entries,
            head=chain.head,
            versions=self._versions,
            statements=self._statements,
            signatures=signed.signatures,
            files=self._files,
            size_bytes=self._size_bytes,
            older_centres=centres.older,
            faults=tuple(dict.fromkeys(faults)),
        )

    def _version_faults(self, connection: Connection, chain: Chain) -> Iterator[Fault]:
        unseen = {about for action, about in chain.told if action is Action.PUBLISHED}
        has_begun = False
        for row in stored_versions(connection):
            self._versions += 1
            unseen.discard(row.about)
            told = chain.told.get((Action.PUBLISHED, row.about))
            has_begun = has_begun or told is not None or row.is_after(chain.first)
            kinds = kinds_of(connection, row.id)
            for what in (
                *_publication_faults(row, told, has_begun=has_begun),
                *self._record_faults(row, chain, kinds),
            ):
                yield Fault(place=_version(*row.about), what=what)
        for gone in sorted(unseen):
            yield Fault(place=_version(*gone), what="missing; the log tells that it was published")

    def _record_faults(self, row: StoredVersion, chain: Chain, kinds: set[bytes]) -> Iterator[str]:
        if _sha256(row.manifest) != row.manifest_digest:
            yield f"its manifest was changed: its SHA-256 is not {row.manifest_digest}"
            return
        try:
            manifest = Manifest.model_validate_json(row.manifest)
        except ValidationError:
            yield "its manifest is none"
            return
        for file in manifest.files:
            self._referred.setdefault(file.sha256, _version(*row.about))
        yield from _card_faults(row, manifest, self._shelf, kinds)
        yield from self._statement_faults(row, chain.told.get((Action.STATEMENT_ADDED, row.about)))

    def _statement_faults(self, row: StoredVersion, told: Entry | None) -> Iterator[str]:
        if told is not None and told.subject != row.audit_statement:
            yield (
                f"the log tells of the statement {told.subject}, "
                f"its record of {row.audit_statement}"
            )
        if row.content is None:
            if row.audit_statement is not None:
                yield "its audit statement is missing"
            return
        self._statements += 1
        if told is not None:
            yield from time_faults("its audit statement came", row.received_at, told.at)
        if _sha256(row.content) != row.audit_statement:
            yield f"its audit statement was changed: its SHA-256 is not {row.audit_statement}"
        elif f'"subject":"{row.manifest_digest}"'.encode() not in row.content:
            yield "its audit statement speaks of another package"

    def _file_faults(self) -> Iterator[Fault]:
        stored = sorted(self._shelf.digests())
        for digest in sorted(self._referred.keys() - set(stored)):
            yield self._missing(digest)
        for done, digest in enumerate(stored, 1):
            yield from self._faults_of_file(digest)
            megabytes = self._size_bytes // MEGABYTE
            self._on_progress(
                Progress(done=done, total=len(stored), unit="files", message=f"{megabytes} MB")
            )

    def _faults_of_file(self, digest: str) -> Iterator[Fault]:
        place, found, size = self._place(digest), hashlib.sha256(), 0
        try:
            for piece in self._shelf.pieces(digest):
                found.update(piece)
                size += len(piece)
        except BlobNotFoundError:
            if digest in self._referred:  # what no version has may be removed meanwhile
                yield self._missing(digest)
            return
        except OSError as error:
            yield Fault(place=place, what=f"it cannot be read: {error.strerror}")
            return
        self._files += 1
        self._size_bytes += size
        if found.hexdigest() != digest:
            owner = self._referred.get(digest, "no version")
            what = f"it was changed: its SHA-256 is {found.hexdigest()}; {owner} has it"
            yield Fault(place=place, what=what)

    def _missing(self, digest: str) -> Fault:
        what = f"it is missing, and {self._referred[digest]} has it"
        return Fault(place=self._place(digest), what=what)

    def _place(self, digest: str) -> str:
        return f"file {self._shelf.place(digest)}"


def _told_if_broken(faults: Iterator[Fault]) -> Iterator[Fault]:
    """Yield faults; that the database itself cannot be read on is one more."""
    try:
        yield from faults
    except DatabaseError as error:
        yield Fault(place="database", what=f"it cannot be read on: {error.orig}")


def _database_faults(connection: Connection) -> Iterator[Fault]:
    """Yield what SQLite finds broken in its file; PostgreSQL looks after its own."""
    if connection.dialect.name == POSTGRES:
        return
    for (what,) in connection.exec_driver_sql("PRAGMA integrity_check(10)"):
        if what != "ok":
            yield Fault(place="database", what=what)


def _log_rows(connection: Connection) -> Iterator[LogRow]:
    texts = (as_stored(getattr(LogEntryRow, name)) for name in LogRow._fields[1:])
    query = select(LogEntryRow.number, *texts).order_by(LogEntryRow.number)
    for row in connection.execute(query).yield_per(ROWS_AT_ONCE):
        yield LogRow(*row)


def _publication_faults(
    row: StoredVersion, told: Entry | None, *, has_begun: bool
) -> Iterator[str]:
    if told is None:
        if has_begun:
            yield "the log does not tell that it was published"
        return
    if told.subject != row.manifest_digest:
        yield f"the log tells that it had the manifest {told.subject}, not {row.manifest_digest}"
    yield from time_faults("it was published", row.published_at, told.at)


def _card_faults(
    row: StoredVersion, manifest: Manifest, shelf: Shelf, kinds: set[bytes]
) -> Iterator[str]:
    digest = next(file.sha256 for file in manifest.files if file.name == CARD)
    if _sha256(row.card) != digest and row.card != _canonical(shelf, digest):
        yield "its card in the database was changed: it is not the one in its package"
        return
    card = ModelCard.model_validate_json(row.card)
    written = {
        "centre": card.centre,
        "name": card.name,
        "architecture": card.architecture.kind,
        "lesion_kinds": " ".join(card.training_set.lesion_kinds),
        "title": card.title,
    }
    for column, expected in written.items():
        if getattr(row, column) != expected:
            yield f"the column {column} is not what its card says"
    if kinds != {kind.encode() for kind in card.training_set.lesion_kinds}:
        yield "the kinds of lesions that it is found by are not what its card says"


def _canonical(shelf: Shelf, digest: str) -> bytes | None:
    """Return a card that was published before there was one text of it as that text."""
    try:
        return canonical_json(ModelCard.model_validate_json(b"".join(shelf.pieces(digest))))
    except (OSError, BlobNotFoundError, ValidationError):
        return None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _version(centre: str, name: str, version: int) -> str:
    return f"version {version} of {centre}/{name}"
