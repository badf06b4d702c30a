"""A centre's keys over the years: each is signed by the one before, and signs for it in turn."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from pydantic import Field

from shared.models import LARGEST_COUNT, StrictModel
from shared.names import Digest, Name
from shared.records import CentreKey
from signing.bundles import read_bundle
from signing.errors import KeyUnusableError, SignatureRefusedError
from signing.keys import Pem, PublicKey, SigningKey, read_public_key
from signing.statements import Subject, sign_statement, signed_statement

ROTATION = "urn:genshare:key-rotation:v1"


class KeyRotation(StrictModel):
    """A centre says that another key is its own from now on.

    Attributes:
        number: Of the new key; a centre's first is 1.
        replaces: The fingerprint of the key before.
    """

    schema_version: Literal[1] = 1
    centre: Name
    number: int = Field(ge=2, le=LARGEST_COUNT)
    replaces: Digest
    key: Pem


def sign_rotation(centre: str, number: int, *, old: SigningKey, new: SigningKey) -> bytes:
    """Return the bundle that hands over from one key to the next; both sign it."""
    rotation = KeyRotation(
        centre=centre, number=number, replaces=old.public.fingerprint, key=new.public.pem
    )
    subject = Subject.of(centre, new.public.fingerprint)
    return sign_statement([new, old], subject, ROTATION, rotation)


def check_rotation(
    content: bytes, centre: str, number: int, *, old: PublicKey, new: PublicKey
) -> None:
    """Check that a bundle hands over from one key to the other.

    Raises:
        SignatureRefusedError: It does not.
    """
    _, said = signed_statement(read_bundle(content), [new, old], ROTATION, KeyRotation)
    expected = KeyRotation(centre=centre, number=number, replaces=old.fingerprint, key=new.pem)
    if said != expected:
        raise SignatureRefusedError(
            f"it hands over to key {said.number} of {said.centre}, not to key {number} of {centre}"
        )


def trusted_keys(
    pinned: Collection[str], centre: str, keys: Sequence[CentreKey]
) -> Mapping[str, PublicKey]:
    """Return the keys of a hub's list that are pinned, or that a trusted one hands over to.

    A key that came later speaks for those before it too: it signed that it replaces them.

    Args:
        pinned: Fingerprints.

    Returns:
        The keys by fingerprint.
    """
    found: dict[str, PublicKey] = {}
    for run in _runs(centre, keys):
        if any(key.fingerprint in pinned for key in run):
            found |= {key.fingerprint: key for key in run}
    return found


def later_keys(before: str, centre: str, keys: Sequence[CentreKey]) -> frozenset[str]:
    """Return the fingerprints of the keys that a key hands over to, directly or by others."""
    for run in _runs(centre, keys):
        names = [key.fingerprint for key in run]
        if before in names:
            return frozenset(names[names.index(before) + 1 :])
    return frozenset()


def _runs(centre: str, keys: Sequence[CentreKey]) -> Iterator[list[PublicKey]]:
    """Yield keys that hand over to each other, in order; a hub's list may be made up."""
    listed = [(key, public) for key in keys if (public := readable(key)) is not None]
    run = [listed[0][1]] if listed else []
    for (_, old), (key, new) in pairwise(listed):
        if not _hands_over(centre, key, old, new):
            yield run
            run = []
        run.append(new)
    yield run


def _hands_over(centre: str, key: CentreKey, old: PublicKey, new: PublicKey) -> bool:
    if key.rotation is None:
        return False
    try:
        check_rotation(key.rotation.encode(), centre, key.number, old=old, new=new)
    except SignatureRefusedError:
        return False
    return True


def readable(key: CentreKey) -> PublicKey | None:
    """Return a listed key, None if it is none."""
    try:
        return read_public_key(key.public_key)
    except KeyUnusableError:
        return None
