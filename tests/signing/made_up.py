"""Keys and hubs' lists of keys."""

from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from shared.packages import Package
from shared.records import CentreKey
from signing.judging import Check
from signing.key_chains import sign_rotation
from signing.keys import SigningKey
from signing.packages import check_package

CENTRE = "centre-b"
WHEN = datetime(2026, 1, 2, tzinfo=UTC)


def a_key() -> SigningKey:
    """Return a key that lies in no file."""
    return SigningKey(generate_private_key(SECP256R1()), Path("/in/no/folder/key.pem"))


def listed(*keys: SigningKey, centre: str = CENTRE) -> tuple[CentreKey, ...]:
    """Return keys as a hub lists them, each handed over to by the one before."""
    rotations = [None] + [
        sign_rotation(centre, number, old=old, new=new).decode()
        for number, (old, new) in enumerate(pairwise(keys), start=2)
    ]
    return tuple(
        CentreKey(number=number, public_key=key.public.pem, registered_at=WHEN, rotation=rotation)
        for number, (key, rotation) in enumerate(zip(keys, rotations, strict=True), start=1)
    )


def of_package(package: Package) -> Check:
    return partial(check_package, manifest=package.manifest)
