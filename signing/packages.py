"""A package signed in OpenSSF Model Signing form; nothing of it is read again for that.

The digests come from the manifest, which was compared with the files when they were written,
fetched or opened. `model_signing verify key` accepts the folder of a whole package.
"""

import hashlib
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.cards import MOST_WEIGHT_FILES, ModelCard
from shared.names import Digest
from shared.packages import BESIDE, FETCHED, MANIFEST, Manifest, manifest_digest
from shared.statements import AuditStatement
from signing.bundles import read_bundle
from signing.errors import SignatureRefusedError
from signing.keys import PublicKey, SigningKey
from signing.statements import Subject, sign_statement, signed_statement

MODEL_SIGNING = "https://model_signing/signature/v1.0"
AUDIT = "urn:genshare:audit-statement:v1"
NOT_SIGNED = tuple(sorted((FETCHED, *BESIDE)))
"""Files in a package's folder that its signature is not about."""


class Resource(BaseModel):
    """A file of the package."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(max_length=255)
    algorithm: str = Field("sha256", max_length=20)
    digest: Digest


class ModelSignature(BaseModel):
    """What Model Signing says of a package: its files, and how they were looked for.

    Fields that it may get later are passed over, as its specification asks.
    """

    model_config = ConfigDict(frozen=True)

    resources: tuple[Resource, ...] = Field(max_length=MOST_WEIGHT_FILES + 2)
    serialization: dict[str, Any]


def sign_package(key: SigningKey, card: ModelCard, manifest: Manifest) -> bytes:
    """Return the bundle of a package's signature."""
    signature = ModelSignature(
        resources=_resources(manifest),
        serialization={
            "method": "files",
            "hash_type": "sha256",
            "allow_symlinks": False,
            "ignore_paths": list(NOT_SIGNED),
        },
    )
    subject = subject_of(card.centre, card.name, manifest)
    return sign_statement([key], subject, MODEL_SIGNING, signature)


def check_package(content: bytes, key: PublicKey, manifest: Manifest) -> None:
    """Check that a bundle is a key's signature of the package with this manifest.

    Raises:
        SignatureRefusedError: It is not.
    """
    bundle = read_bundle(content)
    subject, signature = signed_statement(bundle, [key], MODEL_SIGNING, ModelSignature)
    if set(signature.resources) != set(_resources(manifest)):
        raise SignatureRefusedError(
            f"it is of other files than those of the package {manifest_digest(manifest)}"
        )
    if subject.digest.sha256 != _root(manifest):
        raise SignatureRefusedError("its subject's digest is not that of the files it lists")


def sign_audit(
    key: SigningKey, card: ModelCard, manifest: Manifest, statement: AuditStatement
) -> bytes:
    """Return the bundle of what is said of a package's audit, and was decided on it."""
    subject = subject_of(card.centre, card.name, manifest)
    return sign_statement([key], subject, AUDIT, statement)


def check_audit(
    content: bytes, key: PublicKey, manifest: Manifest, statement: AuditStatement
) -> None:
    """Check that a bundle is a key's signature of a statement on the package with this manifest.

    Raises:
        SignatureRefusedError: It is not.
    """
    subject, signed = signed_statement(read_bundle(content), [key], AUDIT, AuditStatement)
    if signed != statement or subject.digest.sha256 != _root(manifest):
        raise SignatureRefusedError("it is of another audit statement than the one it came with")


def subject_of(centre: str, name: str, manifest: Manifest) -> Subject:
    """Return what every statement on a package is about."""
    return Subject.of(f"{centre}/{name}", _root(manifest))


def _resources(manifest: Manifest) -> tuple[Resource, ...]:
    """Return every file of a package with its digest, by name; the manifest itself is one."""
    digests = {file.name: file.sha256 for file in manifest.files}
    digests[MANIFEST] = manifest_digest(manifest)
    return tuple(Resource(name=name, digest=digests[name]) for name in sorted(digests))


def _root(manifest: Manifest) -> str:
    """Return the digest over the files' digests, in the order of their names."""
    digests = (bytes.fromhex(resource.digest) for resource in _resources(manifest))
    return hashlib.sha256(b"".join(digests)).hexdigest()
