"""A centre's key: ECDSA on P-256, which signs what the centre publishes and never leaves it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints

from shared.files import in_turn
from shared.secret_files import others_may_read, write_secret
from signing.errors import KeyExistsAlreadyError, KeyReadableError, KeyUnusableError

# cryptography is loaded with the first key: a service starts without it, and is 9 MB lighter.
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )
    from securesystemslib.signer import CryptoSigner, SSlibKey

KEY_FILE = "signing-key.pem"
LONGEST_PEM = 1000
PRIVATE, PUBLIC = "PRIVATE KEY-----", b"PUBLIC KEY-----"

Pem = Annotated[str, StringConstraints(max_length=LONGEST_PEM)]
"""A public key as text."""


@dataclass(frozen=True)
class PublicKey:
    """The part of a key that everyone may have.

    Attributes:
        pem: As a `BEGIN PUBLIC KEY` text, which is the same for the same key.
    """

    pem: str

    @cached_property
    def fingerprint(self) -> str:
        """The key's name: the SHA-256 of its text, which is what `sha256sum` says of the file."""
        return hashlib.sha256(self.pem.encode()).hexdigest()

    @cached_property
    def checker(self) -> "SSlibKey":
        """What checks signatures that name the key by its fingerprint.

        securesystemslib loads every cloud's library that it finds, which is a second of a start
        and 20 MB: so not before something is signed or checked.
        """
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
        from securesystemslib.signer import SSlibKey

        return SSlibKey.from_crypto(load_pem_public_key(self.pem.encode()), keyid=self.fingerprint)


@dataclass(frozen=True)
class SigningKey:
    """A key with its private part, and the file that it lies in."""

    private: "EllipticCurvePrivateKey"
    file: Path

    @cached_property
    def public(self) -> PublicKey:
        """The part that everyone may have."""
        return _public(self.private.public_key())

    @cached_property
    def signer(self) -> "CryptoSigner":
        """What signs; its signatures name the key by its fingerprint."""
        from securesystemslib.signer import CryptoSigner

        return CryptoSigner(self.private, self.public.checker)


def read_public_key(text: str, *, name: str = "the text") -> PublicKey:
    """Return the public key that a PEM text is.

    Args:
        name: What it is called in the error.

    Raises:
        KeyUnusableError: It is none, or one of another kind.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(text[: LONGEST_PEM + 1].encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        is_private = PRIVATE in text[: LONGEST_PEM + 1]
        what = "a private key, which nobody else should have" if is_private else "no public key"
        raise KeyUnusableError(f"{name} is {what}; a public key in PEM form is wanted") from error
    if not (isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)):
        raise KeyUnusableError(f"{name} is a key of another kind than ECDSA on the curve P-256")
    return _public(key)


def make_key(file: Path) -> SigningKey:
    """Make a key in a file that only its owner may read.

    Raises:
        KeyExistsAlreadyError: Something is there already.
        KeyUnusableError: The file cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if file.exists():
        raise KeyExistsAlreadyError(f"{file} is there already, and a key is not replaced")
    key = SigningKey(generate_private_key(SECP256R1()), file)
    content = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_secret(file, content)
    except OSError as error:
        raise KeyUnusableError(f"cannot write a key to {file}: {error.strerror}") from error
    return key


def read_key(file: Path) -> SigningKey:
    """Return the key that a file holds.

    Raises:
        KeyUnusableError: It holds none of our kind, or cannot be read.
        KeyReadableError: Others may read it.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = read_content(file)
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError as error:
        raise KeyUnusableError(f"{file} has a password; a key without one is wanted") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        what = "a public key" if PUBLIC in content else "no key"
        raise KeyUnusableError(f"{file} is {what}; a private key in PEM form is wanted") from error
    if others_may_read(file):
        raise KeyReadableError(f"others may read {file}; chmod 600 {file} keeps them out")
    if not (isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1)):
        raise KeyUnusableError(f"{file} holds a key of another kind than ECDSA on the curve P-256")
    return SigningKey(key, file)


def read_content(file: Path) -> bytes:
    """Return what is in a key's file.

    Raises:
        KeyUnusableError: It cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        what = "is a folder" if file.is_dir() else f"cannot be read: {error.strerror}"
        raise KeyUnusableError(f"the key {file} {what}") from error


def key_of(folder: Path) -> SigningKey:
    """Return the key of a service's data folder, made there at the first start.

    Raises:
        KeyUnusableError: It cannot be read or made.
    """
    file = folder / KEY_FILE
    with in_turn(folder):
        return read_key(file) if file.exists() else make_key(file)


def _public(key: "EllipticCurvePublicKey") -> PublicKey:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(pem.decode())
