"""Utility receipts, signed by the centre that used a generator."""

from collections.abc import Sequence

from shared.packages import Manifest, manifest_digest
from shared.receipts import UtilityReceipt
from signing.bundles import Bundle, read_bundle
from signing.errors import SignatureRefusedError
from signing.keys import PublicKey, SigningKey
from signing.packages import subject_of
from signing.statements import Subject, sign_statement, signed_statement

RECEIPT = "urn:genshare:utility-receipt:v1"


def sign_receipt(key: SigningKey, receipt: UtilityReceipt, manifest: Manifest) -> bytes:
    """Return the bundle of what a centre says that the package with this manifest was worth."""
    return sign_statement([key], _subject(receipt, manifest), RECEIPT, receipt)


def check_receipt(content: bytes, key: PublicKey, manifest: Manifest) -> UtilityReceipt:
    """Return a receipt, if a key signed it of the package with this manifest.

    Who it says that it is from, and of which generator's version, is for the caller to compare.

    Raises:
        SignatureRefusedError: It did not.
    """
    subject, receipt = _read(read_bundle(content), [key])
    is_of = (receipt.subject, subject)
    if is_of != (manifest_digest(manifest), _subject(receipt, manifest)):
        raise SignatureRefusedError(
            f"it is of another package than {manifest_digest(manifest)}: of {receipt.subject}"
        )
    return receipt


def unchecked_receipt(bundle: Bundle) -> UtilityReceipt:
    """Return what a bundle says that was checked when it was taken in.

    Raises:
        SignatureRefusedError: It is no receipt.
    """
    return _read(bundle, [])[1]


def _read(bundle: Bundle, keys: Sequence[PublicKey]) -> tuple[Subject, UtilityReceipt]:
    return signed_statement(bundle, keys, RECEIPT, UtilityReceipt)


def _subject(receipt: UtilityReceipt, manifest: Manifest) -> Subject:
    return subject_of(receipt.donor, receipt.name, manifest)
