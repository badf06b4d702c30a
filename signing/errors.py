"""Errors of keys, signatures and trust."""

from shared.errors import SharedError


class SigningError(SharedError, code="GS-2300", status=500, title="Signing failed"):
    """Base of the errors of this package."""


class KeyUnusableError(
    SigningError,
    code="GS-2301",
    title="Key unusable",
    hint="genshare key make FILE makes a key; genshare key show FILE shows its public part.",
):
    """A file holds no key that genshare can use, or others may read it."""


class SignatureRefusedError(
    SigningError,
    code="GS-2302",
    title="Signature refused",
    hint="Do not use what it came with: ask its centre, by another way than the hub.",
):
    """A signature is none, is of something else, or was not made with the key that it names."""


class NotSignedError(
    SigningError,
    code="GS-2303",
    title="Not signed",
    hint="Ask its centre to sign it; genshare trust mode CENTRE warn lets it pass with a warning.",
):
    """What must be signed is not."""


class KeyNotTrustedError(
    SigningError,
    code="GS-2304",
    title="Key not trusted",
    hint="Ask the centre for its fingerprint, by another way than the hub, and compare; then "
    "genshare trust add CENTRE FINGERPRINT.",
):
    """A signature was made with a key that the receiver does not trust."""


class TrustFileError(
    SigningError,
    code="GS-2305",
    title="Trust file unusable",
    hint="Mend what is named, or remove the file and pin the centres' keys again.",
):
    """The file that says whose keys are trusted cannot be used."""
