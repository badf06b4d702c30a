"""Bodies of the hub's API beside cards and manifests."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from shared.cards import ModelCard
from shared.models import LARGEST_COUNT, StrictModel
from shared.names import Digest, LesionKind, Name
from shared.packages import Manifest
from shared.states import APPROVED, State

MOST_CENTRE_KEYS = 100
MOST_FETCHES = 500


class HasState(StrictModel):
    """What is told of a version's state."""

    state: State = Field(
        APPROVED,
        exclude_if=lambda state: state == APPROVED,
        description="Not written where it is approved, as every version of earlier hubs is.",
    )


class GeneratorVersion(HasState):
    """One published version of a generator."""

    centre: Name
    name: Name
    version: int = Field(ge=1, le=LARGEST_COUNT)
    status: Literal["published"] = "published"
    published_at: datetime
    manifest_digest: Digest
    manifest: Manifest
    card: ModelCard
    audit_statement: Digest | None = Field(
        None,
        exclude_if=lambda digest: digest is None,
        description="SHA-256 of what its centre states of its audit; None, which is not written: "
        "nothing.",
    )


class GeneratorPage(StrictModel):
    """A page of versions, newest first. `next_cursor` is None on the last page."""

    items: tuple[GeneratorVersion, ...] = Field(max_length=200, fail_fast=True)
    next_cursor: int | None = Field(ge=0, le=2**62)


class GeneratorSummary(HasState):
    """What a list tells of a version without its card and its files."""

    centre: Name
    name: Name
    version: int
    status: Literal["published"] = "published"
    published_at: datetime
    manifest_digest: Digest
    title: str
    architecture: Name
    lesion_kinds: tuple[LesionKind, ...]


class GeneratorSummaries(StrictModel):
    """A page of summaries, newest first. `next_cursor` is None on the last page."""

    items: tuple[GeneratorSummary, ...]
    next_cursor: int | None


class BlobDigests(StrictModel):
    """Digests of files."""

    digests: tuple[Digest, ...] = Field(max_length=1000, fail_fast=True)


class CentreInvitation(StrictModel):
    """Asks for a centre's token. `renew` replaces an enrolled centre's token."""

    name: Name
    renew: bool = False


class CentreKey(StrictModel):
    """A key that a centre signs with.

    Attributes:
        number: The centre's first is 1.
        public_key: As PEM.
        rotation: The signed bundle by which the key before hands over; None: it is the first, or
            the operator had the centre begin anew.
    """

    number: int = Field(ge=1, le=LARGEST_COUNT)
    public_key: str = Field(max_length=1000)
    registered_at: datetime
    rotation: str | None = Field(None, max_length=20_000)


class CentreKeys(StrictModel):
    """A centre's keys, the newest last."""

    keys: tuple[CentreKey, ...] = Field(max_length=MOST_CENTRE_KEYS)


class NewKey(StrictModel):
    """A centre's first key, or its next one with the bundle by which the one before hands over."""

    public_key: str = Field(max_length=1000)
    rotation: str | None = Field(None, max_length=20_000)


class CentreToken(StrictModel):
    """A centre and its bearer token; the hub shows it this once and keeps only a digest."""

    name: Name
    token: str = Field(max_length=1000)


class Centre(StrictModel):
    """A centre; what one that was removed has published stays."""

    name: Name
    enrolled_at: datetime
    removed_at: datetime | None = None


class CallerIdentity(StrictModel):
    """Whom the hub takes a caller for."""

    name: str = Field(max_length=100)
    role: Literal["centre", "administrator"]


class Fetched(StrictModel):
    """Who fetched weights of a version, and when for the first and the last time.

    Attributes:
        by: A centre's name, or `(administrator)`.
    """

    name: Name
    version: int = Field(ge=1, le=LARGEST_COUNT)
    by: str = Field(max_length=63)
    first_at: datetime
    last_at: datetime


class CentreFetches(StrictModel):
    """Who fetched a centre's generators, the latest first.

    Attributes:
        more: Whether the hub knows of others, from before.
    """

    items: tuple[Fetched, ...] = Field(max_length=MOST_FETCHES, fail_fast=True)
    more: bool


class LogHead(StrictModel):
    """An entry of the hub's audit log by its SHA-256, which stands for all that came before it."""

    number: int = Field(ge=0, le=LARGEST_COUNT)
    sha256: Digest
