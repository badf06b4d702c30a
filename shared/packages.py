"""A generator package: card, weight files, and a manifest of their SHA-256 digests."""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from shared.cards import ModelCard, WeightFile
from shared.errors import (
    BrokenPackageError,
    DigestMismatchError,
    PartlyFetchedError,
)
from shared.models import StrictModel, read_model
from shared.names import Digest, FileName
from shared.weight_choices import weights_named

CARD, MANIFEST, FETCHED = "card.json", "manifest.json", "fetched.json"
LARGEST_CARD_BYTES = 256 * 1024


class ManifestFile(StrictModel):
    """One file of the package."""

    name: FileName
    size_bytes: int = Field(gt=0)
    sha256: Digest


class Manifest(StrictModel):
    """Every file of the package but the manifest itself, by name."""

    schema_version: Literal[1] = 1
    files: tuple[ManifestFile, ...] = Field(min_length=2)


class Fetched(StrictModel):
    """What a folder holds of a package that was fetched in part; a whole one has no such file."""

    weights: tuple[FileName, ...] = Field(min_length=1)


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
        names = {CARD, *(file.name for file in self.weights)}
        return tuple(file for file in self.manifest.files if file.name in names)

    @property
    def extent(self) -> str:
        """How many weight files are there, in words."""
        count, total = len(self.weights), len(self.card.weights)
        return f"{count} of {total} weight file{'' if total == 1 else 's'}"


def canonical_json(model: BaseModel) -> bytes:
    """Return the one JSON text of a model: keys sorted, no blanks, UTF-8."""
    text = json.dumps(
        model.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return text.encode()


def manifest_digest(manifest: Manifest) -> str:
    """Return the SHA-256 of the canonical manifest, in hexadecimal."""
    return hashlib.sha256(canonical_json(manifest)).hexdigest()


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal, read in chunks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weight_file(path: Path, *, epoch: int | None = None) -> WeightFile:
    """Describe a weight file for a card."""
    return WeightFile(**_described(path).model_dump(), epoch=epoch)


def write_package(folder: Path, card: ModelCard, weights: Sequence[Path]) -> Package:
    """Write a package to a folder that must not exist; all of it appears at once or nothing.

    Raises:
        DigestMismatchError: A weight file is not the one on the card.
    """
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    temporary.mkdir(parents=True)
    try:
        for path in weights:
            shutil.copyfile(path, temporary / path.name)
        (temporary / CARD).write_bytes(canonical_json(card))
        names = sorted([CARD, *(path.name for path in weights)])
        manifest = Manifest(files=tuple(_described(temporary / name) for name in names))
        (temporary / MANIFEST).write_bytes(canonical_json(manifest))
        check_card_against_manifest(card, manifest)
        sync_folder(temporary)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return Package(folder, card, manifest, manifest_digest(manifest), card.weights)


def open_package(folder: Path, *, partly: bool = False) -> Package:
    """Read a package and verify every digest.

    Args:
        partly: Whether a package will do that was fetched in part. Of such a one, the files that
            were fetched are verified. A file that is lost is missed in either case.

    Raises:
        BrokenPackageError: A file is missing or unreadable.
        DigestMismatchError: A file is not the one that the manifest declares.
        PartlyFetchedError: It was fetched in part, and `partly` is false.
    """
    manifest = read_model(Manifest, folder / MANIFEST, BrokenPackageError)
    fetched = _fetched(folder)
    for file in manifest.files:
        if fetched is None or file.name in {CARD, *fetched}:
            verify_file(folder / file.name, file)
    card = read_model(ModelCard, folder / CARD, BrokenPackageError)
    check_card_against_manifest(card, manifest)
    weights = weights_named(
        card, [file.name for file in card.weights] if fetched is None else fetched
    )
    package = Package(folder, card, manifest, manifest_digest(manifest), weights)
    if not (partly or package.is_whole):
        raise PartlyFetchedError(f"{folder} holds only {package.extent} of its package")
    return package


def verify_file(path: Path, declared: ManifestFile) -> None:
    """Compare a file with its declaration.

    Raises:
        BrokenPackageError: There is no such file.
        DigestMismatchError: Size or SHA-256 differ.
    """
    if not path.is_file():
        raise BrokenPackageError(f"{path.name} is missing from the package {path.parent}")
    size = path.stat().st_size
    if size != declared.size_bytes:
        raise DigestMismatchError(
            f"{path.name} has {size} bytes, but {declared.size_bytes} are declared"
        )
    digest = sha256_of(path)
    if digest != declared.sha256:
        raise DigestMismatchError(
            f"{path.name} has the SHA-256 {digest}, but {declared.sha256} is declared"
        )


def check_card_against_manifest(card: ModelCard, manifest: Manifest) -> None:
    """Check that card and manifest speak of the same weight files.

    Raises:
        DigestMismatchError: They do not.
    """
    on_card = {(file.name, file.size_bytes, file.sha256) for file in card.weights}
    listed = {(f.name, f.size_bytes, f.sha256) for f in manifest.files if f.name != CARD}
    names = [file.name for file in manifest.files]
    reserved = {MANIFEST, FETCHED} & set(names)
    wrong_names = CARD not in names or bool(reserved) or len(set(names)) < len(names)
    if on_card != listed or wrong_names:
        raise DigestMismatchError(
            f"the manifest must list {CARD} and exactly the card's weight files with the same "
            f"sizes and digests; it lists {', '.join(names)}"
        )


def add_to_package(partial: Path, folder: Path, manifest: Manifest, names: Collection[str]) -> None:
    """Move more weight files into a partly fetched package; until then it holds what it held.

    Args:
        partial: Where the new files are.
        names: Of all weight files that the package has afterwards.
    """
    for file in manifest.files:
        if file.name != CARD and (partial / file.name).exists():
            (partial / file.name).replace(folder / file.name)
    sync_folder(folder)
    note_fetched(folder, manifest, names)


def note_fetched(folder: Path, manifest: Manifest, names: Collection[str]) -> None:
    """Write down which weight files of a package a folder holds, or that it is whole now."""
    note, temporary = folder / FETCHED, folder / f".{FETCHED}"
    if len(names) == len(manifest.files) - 1:
        note.unlink(missing_ok=True)
        return
    temporary.write_bytes(canonical_json(Fetched(weights=tuple(sorted(names)))))
    temporary.replace(note)


def sync_folder(folder: Path) -> None:
    """Force a folder's files and its entries to the disk."""
    for path in (*folder.iterdir(), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _described(path: Path) -> ManifestFile:
    return ManifestFile(name=path.name, size_bytes=path.stat().st_size, sha256=sha256_of(path))


def _fetched(folder: Path) -> tuple[str, ...] | None:
    """Return the names of the weight files that were fetched; None is all."""
    path = folder / FETCHED
    return read_model(Fetched, path, BrokenPackageError).weights if path.exists() else None
