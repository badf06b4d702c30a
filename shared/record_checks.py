"""Whether a hub's record is the one that was asked for, and could be of a package at all."""

import math

from shared.errors import BrokenPackageError, DigestMismatchError
from shared.packages import (
    CARD,
    LARGEST_CARD_BYTES,
    Package,
    check_card_against_manifest,
    manifest_digest,
)
from shared.records import GeneratorVersion
from shared.sample_grids import LARGEST_SAMPLES_BYTES, SAMPLES
from shared.weights import BYTES_PER_FLOAT32, LARGEST_HEADER_BYTES


def check_record(record: GeneratorVersion) -> None:
    """Check that a record's digest is that of its manifest.

    Raises:
        DigestMismatchError: It is not.
    """
    digest = manifest_digest(record.manifest)
    if digest != record.manifest_digest:
        raise DigestMismatchError(
            f"the manifest has the digest {digest}, but the hub says {record.manifest_digest}"
        )


def check_sizes(record: GeneratorVersion) -> None:
    """Refuse, before a byte is fetched, sizes that no package of the card's architecture has.

    Raises:
        BrokenPackageError: A size is larger.
        DigestMismatchError: Card and manifest do not agree.
    """
    check_card_against_manifest(record.card, record.manifest)
    tensors = record.card.architecture.generator_tensors().values()
    values = sum(math.prod(tensor.shape) for tensor in tensors)
    largest_weights = 8 + LARGEST_HEADER_BYTES + values * BYTES_PER_FLOAT32
    for file in record.manifest.files:
        most = {CARD: LARGEST_CARD_BYTES, SAMPLES: LARGEST_SAMPLES_BYTES}.get(
            file.name, largest_weights
        )
        if file.size_bytes > most:
            raise BrokenPackageError(
                f"{file.name} is declared with {file.size_bytes} bytes, but has {most} at most "
                f"with {record.card.architecture.kind} of {record.card.architecture.image_size} px"
            )


def check_published(record: GeneratorVersion, package: Package) -> GeneratorVersion:
    """Return the record of what was published, if it is of the very package.

    Raises:
        DigestMismatchError: It is of something else.
    """
    check_record(record)
    card = package.card
    found = (record.manifest_digest, record.centre, record.name, record.card)
    if found != (package.digest, card.centre, card.name, card) or record.version < 1:
        raise DigestMismatchError(
            f"the hub says that it published version {record.version} of "
            f"{record.centre}/{record.name} with the manifest digest {record.manifest_digest}, "
            f"not {card.centre}/{card.name} with {package.digest}"
        )
    return record


def the_one(package: Package, record: GeneratorVersion) -> Package:
    """Return a package, if it is the one that a record speaks of.

    Raises:
        DigestMismatchError: It is another.
    """
    found = (package.digest, package.card.centre, package.card.name, package.card)
    if found != (record.manifest_digest, record.centre, record.name, record.card):
        raise DigestMismatchError(
            f"{package.folder} holds {package.card.centre}/{package.card.name} with the manifest "
            f"digest {package.digest}, not the version that was asked for"
        )
    return package
