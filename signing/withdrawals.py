"""Withdrawals, signed by the centre whose generator it is."""

from shared.packages import Manifest, manifest_digest
from shared.withdrawals import WithdrawalStatement
from signing.bundles import read_bundle
from signing.errors import SignatureRefusedError
from signing.keys import PublicKey, SigningKey
from signing.packages import subject_of
from signing.statements import Subject, sign_statement, signed_statement

WITHDRAWAL = "urn:genshare:withdrawal:v1"


def sign_withdrawal(key: SigningKey, statement: WithdrawalStatement, manifest: Manifest) -> bytes:
    """Return the bundle of what a centre says of the package with this manifest."""
    return sign_statement([key], _subject(statement, manifest), WITHDRAWAL, statement)


def check_withdrawal(
    content: bytes, key: PublicKey, manifest: Manifest, *, of: tuple[str, str, int]
) -> WithdrawalStatement:
    """Return a withdrawal, if a key signed it of the package with this manifest.

    Args:
        of: Centre, name and number of the version that it must be of.

    Raises:
        SignatureRefusedError: It is of another version, or of nothing that the key signed.
    """
    bundle = read_bundle(content)
    subject, said = signed_statement(bundle, [key], WITHDRAWAL, WithdrawalStatement)
    is_of = (said.subject, subject, (said.centre, said.name, said.version))
    if is_of != (manifest_digest(manifest), _subject(said, manifest), of):
        raise SignatureRefusedError(
            f"it withdraws another version: version {said.version} of {said.centre}/{said.name}, "
            f"which is {said.subject}"
        )
    return said


def _subject(statement: WithdrawalStatement, manifest: Manifest) -> Subject:
    return subject_of(statement.centre, statement.name, manifest)
