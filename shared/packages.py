"""A generator package: card, weight files, and a manifest of their SHA-256 digests.

A picture of synthetic patches may be among them.

A file is hashed once wherever it changes hands: while it is copied into a package, while the hub
and then a receiver take it in, and when a process opens a package that lies on its disk.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import FailFast, Field

from shared.canonical import canonical_json as canonical_json
from shared.canonical import digest_of
from shared.cards import MOST_WEIGHT_FILES, ModelCard, WeightFile
from shared.counts import counted
from shared.errors import (
    BrokenPackageError,
    DigestMismatchError,
    PartlyFetchedError,
    SamplesRefusedError,
)
from shared.files import put_in_place, sync, whole_folder, write_whole
from shared.models import LARGEST_COUNT, StrictModel, read_model
from shared.names import Digest, FileName
from shared.sample_grids import LARGEST_SAMPLES_BYTES, SAMPLES, read_grid
from shared.screening import check_texts
from shared.statements import STATEMENT, read_statement
from shared.weight_choices import weights_named

CARD, MANIFEST, FETCHED = "card.json", "manifest.json", "fetched.json"
SIGNATURE, STATEMENT_SIGNATURE = "signature.json", "audit-statement-signature.json"
WITH_CARD = {CARD, SAMPLES}
"""What a package that was fetched in part has always, if the whole one has it."""
PACKAGE = "package"
"""In the folder of a training: what was built of it."""

MARK = "version-state.json"
"""Beside a package: what the hub said last of its version; see `shared.marks`."""
BESIDE = (STATEMENT, SIGNATURE, STATEMENT_SIGNATURE, MARK)
"""What may lie beside a package's own files, and travels with it."""

LARGEST_CARD_BYTES = 256 * 1024
CHUNK_BYTES = 1 << 20


class ManifestFile(StrictModel):
    """One file of the package."""

    name: FileName
    size_bytes: int = Field(gt=0, le=LARGEST_COUNT)
    sha256: Digest


class Manifest(StrictModel):
    """Every file of the package but the manifest itself, by name."""

    schema_version: Literal[1] = 1
    files: Annotated[tuple[ManifestFile, ...], FailFast()] = Field(
        min_length=2, max_length=MOST_WEIGHT_FILES + 2
    )


class Fetched(StrictModel):
    """What a folder holds of a package that was fetched in part; a whole one has no such file."""

    weights: Annotated[tuple[FileName, ...], FailFast()] = Field(
        min_length=1, max_length=MOST_WEIGHT_FILES
    )


@dataclass(frozen=True, slots=True)
class Package:
    """A verified package on disk.

    Attributes:
        digest: The manifest's; names the whole package, also where a part of it was fetched.
        weights: The weight files that are in the folder, in the card's order.
    """

    folder: Path
    card: ModelCard
    manifest: Manifest
    digest: str
    weights: tuple[WeightFile, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every weight file is there."""
        return len(self.weights) == len(self.card.weights)

    @property
    def files(self) -> tuple[ManifestFile, ...]:
        """What the manifest declares of the files that are there."""
        names = WITH_CARD | {file.name for file in self.weights}
        return tuple(file for file in self.manifest.files if file.name in names)

    @property
    def extent(self) -> str:
        """How many weight files are there, in words."""
        count, total = len(self.weights), len(self.card.weights)
        return f"{count} of {counted(total, 'weight file')}"


def manifest_digest(manifest: Manifest) -> str:
    """Return the SHA-256 of the canonical manifest, in hexadecimal."""
    return digest_of(manifest)


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal, read in chunks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_package(
    folder: Path,
    weights: Sequence[Path],
    card_of: Callable[[tuple[WeightFile, ...]], ModelCard],
    *,
    samples: bytes | None = None,
) -> Package:
    """Write a package to a folder that must not exist; all of it appears at once or nothing.

    Args:
        weights: Files to copy.
        card_of: Makes the card from what was copied: names, sizes and digests, in that order.
        samples: A picture of synthetic patches.

    Raises:
        CardRefusedError: A text of the card may not cross the border.
        DigestMismatchError: The card is of other weight files, or two of them are the same.
    """
    with whole_folder(folder) as temporary:
        copies = [_copied(path, temporary / path.name) for path in weights]
        card = card_of(tuple(WeightFile(**copy.model_dump()) for copy in copies))
        check_texts(card)
        content = canonical_json(card)
        (temporary / CARD).write_bytes(content)
        files = [*copies, _described(CARD, content)]
        if samples is not None:
            (temporary / SAMPLES).write_bytes(samples)
            files.append(_described(SAMPLES, samples))
        manifest = Manifest(files=tuple(sorted(files, key=lambda file: file.name)))
        (temporary / MANIFEST).write_bytes(canonical_json(manifest))
        check_card_against_manifest(card, manifest)
        check_distinct(manifest)
    return Package(folder, card, manifest, manifest_digest(manifest), card.weights)


def _copied(source: Path, target: Path) -> ManifestFile:
    """Copy a file, and describe the bytes that were copied."""
    sha256, size_bytes = hashlib.sha256(), 0
    with source.open("rb") as read, target.open("wb") as written:
        while chunk := read.read(CHUNK_BYTES):
            written.write(chunk)
            sha256.update(chunk)
            size_bytes += len(chunk)
    return ManifestFile(name=target.name, size_bytes=size_bytes, sha256=sha256.hexdigest())


def _described(name: str, content: bytes) -> ManifestFile:
    sha256 = hashlib.sha256(content).hexdigest()
    return ManifestFile(name=name, size_bytes=len(content), sha256=sha256)


def open_package(folder: Path, *, partly: bool = False) -> Package:
    """Read a package and verify every digest.

    Args:
        partly: Whether a package will do that was fetched in part. Of such a one, the files that
            were fetched are verified. A file that is lost is missed in either case.

    Raises:
        BrokenPackageError: A file is missing or unreadable.
        DigestMismatchError: A file is not the one that the manifest declares.
        PartlyFetchedError: It was fetched in part, and `partly` is false.
        SamplesRefusedError: Its picture of samples is not of the form that it must have.
        StatementRefusedError: A statement beside it is of another package, or was changed.
    """
    manifest = manifest_in(folder)
    fetched = _fetched(folder)
    for file in manifest.files:
        if fetched is None or file.name in {*WITH_CARD, *fetched}:
            verify_file(folder / file.name, file)
    package = _read(folder, manifest, fetched)
    if not (partly or package.is_whole):
        raise PartlyFetchedError(f"{folder} holds only {package.extent} of its package")
    if (folder / STATEMENT).exists():
        read_statement((folder / STATEMENT).read_bytes(), subject=package.digest)
    return package


def peek_package(folder: Path) -> Package:
    """Read what a package says of itself, to be shown: card and sizes are checked, weights not.

    Raises:
        BrokenPackageError: A file is missing or unreadable.
        DigestMismatchError: The card or a size is not the one that the manifest declares.
    """
    manifest = manifest_in(folder)
    fetched = _fetched(folder)
    for file in manifest.files:
        if file.name == CARD:
            verify_file(folder / CARD, file)
        elif fetched is None or file.name in fetched:
            _check_there(folder / file.name)
            check_size(folder / file.name, file)
    return _read(folder, manifest, fetched)


def manifest_in(folder: Path) -> Manifest:
    """Read the manifest of a package's folder.

    Raises:
        BrokenPackageError: There is none, or it cannot be read.
    """
    if folder.exists() and not folder.is_dir():
        raise BrokenPackageError(f"{folder} is no folder; a package is one")
    if not (folder / MANIFEST).exists() and (folder / PACKAGE / MANIFEST).is_file():
        raise BrokenPackageError(f"{folder} is no package, but {folder / PACKAGE} in it is one")
    return read_model(Manifest, folder / MANIFEST, BrokenPackageError)


def keep_fetched(folder: Path, manifest: Manifest, names: Collection[str]) -> Package:
    """Make a package of files that are in a folder, and that were verified as they came.

    Args:
        names: Of the weight files that were fetched.

    Raises:
        BrokenPackageError: The card cannot be read.
        DigestMismatchError: The card is of other weight files.
        SamplesRefusedError: The picture of samples is not of the form that it must have.
    """
    (folder / MANIFEST).write_bytes(canonical_json(manifest))
    note_fetched(folder, manifest, names)
    return _read(folder, manifest, names)


def verify_file(path: Path, declared: ManifestFile) -> None:
    """Compare a file with its declaration.

    Raises:
        BrokenPackageError: There is no such file.
        DigestMismatchError: Size or SHA-256 differ.
    """
    _check_there(path)
    check_size(path, declared)
    check_digest(sha256_of(path), declared)


def _check_there(path: Path) -> None:
    if not path.is_file():
        raise BrokenPackageError(f"{path.name} is missing from the package {path.parent}")


def check_size(path: Path, declared: ManifestFile) -> None:
    """Compare a file's size with its declaration.

    Raises:
        DigestMismatchError: It differs.
    """
    size = path.stat().st_size
    if size != declared.size_bytes:
        raise DigestMismatchError(
            f"{path.name} has {size} bytes, but {declared.size_bytes} are declared"
        )


def check_digest(digest: str, declared: ManifestFile) -> None:
    """Compare the SHA-256 that a file has with its declaration.

    Raises:
        DigestMismatchError: It differs.
    """
    if digest != declared.sha256:
        raise DigestMismatchError(
            f"{declared.name} has the SHA-256 {digest}, but {declared.sha256} is declared"
        )


def check_card_against_manifest(card: ModelCard, manifest: Manifest) -> None:
    """Check that card and manifest speak of the same weight files.

    Raises:
        DigestMismatchError: They do not.
    """
    on_card = {(file.name, file.size_bytes, file.sha256) for file in card.weights}
    listed = {(f.name, f.size_bytes, f.sha256) for f in manifest.files if f.name not in WITH_CARD}
    names = [file.name for file in manifest.files]
    reserved = {MANIFEST, FETCHED, STATEMENT, MARK} & set(names)
    wrong_names = CARD not in names or bool(reserved) or len(set(names)) < len(names)
    if on_card != listed or wrong_names:
        raise DigestMismatchError(
            f"the manifest must list {CARD}, if it likes {SAMPLES}, and exactly the card's weight "
            f"files with the same sizes and digests; it lists {', '.join(names)}"
        )


def check_samples(manifest: Manifest, read: Callable[[ManifestFile], bytes]) -> None:
    """Check a package's picture of samples, if it has one.

    Args:
        read: Returns the content of a file of the manifest.

    Raises:
        SamplesRefusedError: It is not of the one form that it may have.
    """
    for file in manifest.files:
        if file.name == SAMPLES:
            check_samples_size(file)
            read_grid(read(file))


def check_samples_size(declared: ManifestFile) -> None:
    """Check the size of a picture of samples before it is read.

    Raises:
        SamplesRefusedError: It is larger than it may be.
    """
    if declared.size_bytes > LARGEST_SAMPLES_BYTES:
        raise SamplesRefusedError(
            f"{SAMPLES} has {declared.size_bytes} bytes, and may have {LARGEST_SAMPLES_BYTES}"
        )


def check_distinct(manifest: Manifest) -> None:
    """Check that no file stands in a manifest under two names; in old ones some do.

    Raises:
        DigestMismatchError: One does.
    """
    named: dict[str, str] = {}
    for file in manifest.files:
        other = named.setdefault(file.sha256, file.name)
        if other != file.name:
            raise DigestMismatchError(
                f"{other} and {file.name} are the same file; a package holds each file once, and "
                "shares say how often patches are drawn from it"
            )


def add_to_package(partial: Path, folder: Path, manifest: Manifest, names: Collection[str]) -> None:
    """Move files into a package that lacks them, or has damaged ones; until then it is as it was.

    Args:
        partial: Where card, manifest and the new files are.
        names: Of all weight files that the package has afterwards.
    """
    for name in (*(file.name for file in manifest.files), MANIFEST):
        if (partial / name).exists():
            put_in_place(partial / name, folder / name)
    note_fetched(folder, manifest, names)


def sound_files(folder: Path, manifest: Manifest) -> set[str]:
    """Return the names of those files of a package that a folder holds as they are declared."""
    sound = set[str]()
    for file in manifest.files:
        with suppress(BrokenPackageError, DigestMismatchError):
            verify_file(folder / file.name, file)
            sound.add(file.name)
    return sound


def note_fetched(folder: Path, manifest: Manifest, names: Collection[str]) -> None:
    """Write down which weight files of a package a folder holds, or that it is whole now."""
    if len(names) == sum(file.name not in WITH_CARD for file in manifest.files):
        (folder / FETCHED).unlink(missing_ok=True)
        sync(folder)
        return
    content = canonical_json(Fetched(weights=tuple(sorted(names))))
    write_whole(folder / FETCHED, lambda file: file.write(content))


def _read(folder: Path, manifest: Manifest, fetched: Collection[str] | None) -> Package:
    """Return a package whose files are verified; `fetched` are the weight files, None is all."""
    card = read_model(ModelCard, folder / CARD, BrokenPackageError)
    check_card_against_manifest(card, manifest)
    check_samples(manifest, lambda file: (folder / file.name).read_bytes())
    names = [file.name for file in card.weights] if fetched is None else fetched
    weights = weights_named(card, names)
    return Package(folder, card, manifest, manifest_digest(manifest), weights)


def _fetched(folder: Path) -> tuple[str, ...] | None:
    """Return the names of the weight files that were fetched; None is all."""
    path = folder / FETCHED
    return read_model(Fetched, path, BrokenPackageError).weights if path.exists() else None
