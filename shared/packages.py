"""A generator package: card, weight files, and a manifest of their SHA-256 digests."""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from shared.cards import ModelCard, WeightFile
from shared.errors import BrokenPackageError, DigestMismatchError
from shared.models import StrictModel, validation_summary
from shared.names import Digest, FileName

CARD, MANIFEST = "card.json", "manifest.json"

Model = TypeVar("Model", bound=BaseModel)


class ManifestFile(StrictModel):
    """One file of the package."""

    name: FileName
    size_bytes: int = Field(gt=0)
    sha256: Digest


class Manifest(StrictModel):
    """Every file of the package but the manifest itself, by name."""

    schema_version: Literal[1] = 1
    files: tuple[ManifestFile, ...] = Field(min_length=2)


@dataclass(frozen=True, slots=True)
class Package:
    """A verified package on disk. `digest` is the manifest's and names the whole package."""

    folder: Path
    card: ModelCard
    manifest: Manifest
    digest: str


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


def weight_file(path: Path) -> WeightFile:
    """Describe a weight file for a card."""
    return WeightFile(name=path.name, size_bytes=path.stat().st_size, sha256=sha256_of(path))


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
        described = (weight_file(temporary / name) for name in names)
        manifest = Manifest(files=tuple(ManifestFile(**file.model_dump()) for file in described))
        (temporary / MANIFEST).write_bytes(canonical_json(manifest))
        check_card_against_manifest(card, manifest)
        sync_folder(temporary)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return Package(folder, card, manifest, manifest_digest(manifest))


def open_package(folder: Path) -> Package:
    """Read a package and verify every digest.

    Raises:
        BrokenPackageError: A file is missing or unreadable.
        DigestMismatchError: A file is not the one that the manifest declares.
    """
    manifest = _parsed(Manifest, folder / MANIFEST)
    for file in manifest.files:
        verify_file(folder / file.name, file)
    card = _parsed(ModelCard, folder / CARD)
    check_card_against_manifest(card, manifest)
    return Package(folder, card, manifest, manifest_digest(manifest))


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
    wrong_names = CARD not in names or MANIFEST in names or len(set(names)) < len(names)
    if on_card != listed or wrong_names:
        raise DigestMismatchError(
            f"the manifest must list {CARD} and exactly the card's weight files with the same "
            f"sizes and digests; it lists {', '.join(names)}"
        )


def sync_folder(folder: Path) -> None:
    """Force a folder's files and its entries to the disk."""
    for path in (*folder.iterdir(), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _parsed(model: type[Model], path: Path) -> Model:
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BrokenPackageError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise BrokenPackageError(f"{path}: {validation_summary(error)}") from error
