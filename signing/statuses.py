"""What a centre says of all it published at a hub: which versions there are, and which it withdrew.

A hub that hides something can only show an older status: each has a higher number than the one
before and an end, after which it counts no more. Source: the timestamp and snapshot roles of The
Update Framework 1.0, in one document that its own centre signs.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from shared.models import LARGEST_COUNT, StrictModel
from shared.names import Digest, Name
from shared.records import GeneratorVersion
from signing.bundles import read_bundle
from signing.errors import SignatureRefusedError
from signing.keys import PublicKey, SigningKey
from signing.statements import Subject, sign_statement, signed_statement

STATUS = "urn:genshare:centre-status:v1"
HOLDS_FOR = timedelta(days=30)
RENEWED_BEFORE = timedelta(days=20)
"""A status that ends sooner is signed anew."""

MOST_VERSIONS = 2_500


class StatedVersion(StrictModel):
    """A version that a centre published, under the number that the hub gave it."""

    name: Name
    version: int = Field(ge=1, le=LARGEST_COUNT)
    manifest_digest: Digest
    withdrawn: bool = Field(False, exclude_if=lambda withdrawn: not withdrawn)


class CentreStatus(StrictModel):
    """All that a centre published at one hub.

    Attributes:
        number: Higher than that of the status before.
    """

    schema_version: Literal[1] = 1
    centre: Name
    number: int = Field(ge=1, le=LARGEST_COUNT)
    made_at: datetime
    expires_at: datetime
    versions: tuple[StatedVersion, ...] = Field(max_length=MOST_VERSIONS)

    def find(self, name: str, version: int) -> StatedVersion | None:
        """Return what is said of a version, None if nothing."""
        for stated in self.versions:
            if (stated.name, stated.version) == (name, version):
                return stated
        return None

    def newest(self, name: str) -> StatedVersion | None:
        """Return the newest version of a generator that was not withdrawn."""
        held = [item for item in self.versions if item.name == name and not item.withdrawn]
        return max(held, key=lambda item: item.version, default=None)


def next_status(
    before: CentreStatus | None, centre: str, versions: Iterable[StatedVersion], *, now: datetime
) -> CentreStatus:
    """Return the status that follows one."""
    return CentreStatus(
        centre=centre,
        number=1 if before is None else before.number + 1,
        made_at=now,
        expires_at=now + HOLDS_FOR,
        versions=tuple(sorted(versions, key=lambda item: (item.name, item.version))),
    )


def with_version(before: CentreStatus | None, record: GeneratorVersion) -> list[StatedVersion]:
    """Return the versions of a status and one more; one that was withdrawn stays so."""
    versions = [] if before is None else list(before.versions)
    if before is None or before.find(record.name, record.version) is None:
        stated = StatedVersion(
            name=record.name, version=record.version, manifest_digest=record.manifest_digest
        )
        versions.append(stated)
    return versions


def sign_status(key: SigningKey, status: CentreStatus) -> bytes:
    """Return the bundle of a status."""
    subject = Subject.of(status.centre, key.public.fingerprint)
    return sign_statement([key], subject, STATUS, status)


def read_status(content: bytes, key: PublicKey, *, centre: str) -> CentreStatus:
    """Return the status that a bundle is, if a key signed it for a centre.

    Raises:
        SignatureRefusedError: It is none, or another centre's.
    """
    _, status = signed_statement(read_bundle(content), [key], STATUS, CentreStatus)
    if status.centre != centre:
        raise SignatureRefusedError(f"the status is that of {status.centre}, not of {centre}")
    return status
