"""What a centre says of all it published at a hub: which versions there are, and which it withdrew.

A hub that hides something can only show an older status: each has a higher number than the one
before and an end, after which it counts no more. Source: the timestamp and snapshot roles of The
Update Framework 1.0, in one document that its own centre signs.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from shared.models import LARGEST_COUNT, StrictModel
from shared.names import Digest, Name
from shared.records import GeneratorVersion
from signing.bundles import read_bundle
from signing.errors import SignatureRefusedError, StatusUnusableError
from signing.keys import PublicKey, SigningKey
from signing.statements import Subject, sign_statement, signed_statement

STATUS = "urn:genshare:centre-status:v1"
HOLDS_FOR = timedelta(days=30)
RENEWED_BEFORE = timedelta(days=20)
"""A status that ends sooner is signed anew."""

MOST_VERSIONS, MOST_ALIASES = 2_000, 500


class StatedVersion(StrictModel):
    """A version that a centre published, under the number that the hub gave it.

    Attributes:
        audit_statement: The SHA-256 of what is stated of its audit; None: nothing is.
    """

    name: Name
    version: int = Field(ge=1, le=LARGEST_COUNT)
    manifest_digest: Digest
    audit_statement: Digest | None = Field(None, exclude_if=lambda digest: digest is None)
    withdrawn: bool = Field(False, exclude_if=lambda withdrawn: not withdrawn)


class StatedAlias(StrictModel):
    """A name that a centre points at one of its versions."""

    name: Name
    alias: Name
    version: int = Field(ge=1, le=LARGEST_COUNT)


@dataclass(frozen=True, slots=True)
class Said:
    """What a status says of versions and aliases."""

    versions: tuple[StatedVersion, ...] = ()
    aliases: tuple[StatedAlias, ...] = ()

    def with_version(self, record: GeneratorVersion, audit_statement: str | None) -> "Said":
        """Return the same and one more version; one that was withdrawn stays so.

        Args:
            audit_statement: The SHA-256 of what is stated of its audit; None: nothing new.
        """
        place = (record.name, record.version)
        known = next((item for item in self.versions if (item.name, item.version) == place), None)
        stated = known or StatedVersion(
            name=record.name, version=record.version, manifest_digest=record.manifest_digest
        )
        if audit_statement is not None:
            stated = stated.model_copy(update={"audit_statement": audit_statement})
        others = tuple(item for item in self.versions if item is not known)
        return Said((*others, stated), self.aliases)

    def without_version(self, name: str, version: int) -> "Said | None":
        """Return the same with a version withdrawn; None if nothing is said of it."""
        if not self._has(name, version):
            return None
        versions = tuple(
            item.model_copy(update={"withdrawn": True})
            if (item.name, item.version) == (name, version)
            else item
            for item in self.versions
        )
        return Said(versions, self.aliases)

    def with_alias(self, name: str, alias: str, version: int) -> "Said":
        """Return the same with an alias that points at a version."""
        others = tuple(item for item in self.aliases if (item.name, item.alias) != (name, alias))
        return Said(self.versions, (*others, StatedAlias(name=name, alias=alias, version=version)))

    def _has(self, name: str, version: int) -> bool:
        return any((item.name, item.version) == (name, version) for item in self.versions)


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
    aliases: tuple[StatedAlias, ...] = Field(
        (), max_length=MOST_ALIASES, exclude_if=lambda aliases: not aliases
    )

    @property
    def said(self) -> Said:
        """What it says, whenever that was."""
        return Said(self.versions, self.aliases)

    def pointed(self, name: str, alias: str) -> int | None:
        """Return the version that an alias points at, None if nothing is said of it."""
        for stated in self.aliases:
            if (stated.name, stated.alias) == (name, alias):
                return stated.version
        return None

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


def next_status(number: int, centre: str, said: Said, *, now: datetime) -> CentreStatus:
    """Return the status that follows the one with a number; 0: it is the first.

    Raises:
        StatusUnusableError: It would name more than a status can.
    """
    if len(said.versions) > MOST_VERSIONS or len(said.aliases) > MOST_ALIASES:
        raise StatusUnusableError(
            f"a status names at most {MOST_VERSIONS} versions and {MOST_ALIASES} aliases, and "
            f"{centre} has more at this hub"
        )
    return CentreStatus(
        centre=centre,
        number=number + 1,
        made_at=now,
        expires_at=now + HOLDS_FOR,
        versions=tuple(sorted(said.versions, key=lambda item: (item.name, item.version))),
        aliases=tuple(sorted(said.aliases, key=lambda item: (item.name, item.alias))),
    )


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
