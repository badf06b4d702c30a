"""What an entry of the audit log says."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, StringConstraints

from shared.access import Caller
from shared.models import LARGEST_COUNT, StrictModel
from shared.names import Digest, Name, in_words

NOTHING_BEFORE = "0" * 64
"""What stands in the first entry for the SHA-256 of the one before it."""

LONGEST_ADDRESS = 64
MOST_DETAILS = 20


class Action(StrEnum):
    """What happened. The vocabulary is closed: what is not here cannot be written down."""

    CENTRE_ENROLLED = "centre_enrolled"
    TOKEN_RENEWED = "token_renewed"  # noqa: S105 (a name)
    JOIN_TOKEN_MADE = "join_token_made"  # noqa: S105 (a name)
    CENTRE_REMOVED = "centre_removed"
    PUBLISHED = "published"
    STATEMENT_ADDED = "statement_added"
    KEY_REGISTERED = "key_registered"
    SIGNED = "signed"
    STATUS_SIGNED = "status_signed"
    RECEIPT_ADDED = "receipt_added"
    STATE_CHANGED = "state_changed"
    ALIAS_POINTED = "alias_pointed"
    LOGGED_IN = "logged_in"
    FETCHED = "fetched"
    REFUSED = "refused"


def _printable(address: object) -> object:
    """Return an address of bounded length; one that a proxy names may be any text."""
    if not isinstance(address, str):
        return address
    kept = address[:LONGEST_ADDRESS]
    return "".join(sign if " " <= sign <= "~" else "?" for sign in kept)


WHO, DETAIL_NAME = r"^(?:\([a-z]+\)|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)$", r"^[a-z][a-z_]{0,39}$"
Who = Annotated[
    str,
    StringConstraints(pattern=WHO, max_length=63),
    in_words(WHO, "a centre's name, or one in brackets, such as (administrator)"),
]
"""A centre's name, or in brackets one who is no centre: `(administrator)`, `(nobody)`."""

Address = Annotated[str, BeforeValidator(_printable), Field(max_length=LONGEST_ADDRESS)]
DetailName = Annotated[
    str,
    StringConstraints(pattern=DETAIL_NAME),
    in_words(DETAIL_NAME, "lower-case letters and underscores, at most 40"),
]
DetailText = Annotated[str, StringConstraints(max_length=300)]
Details = dict[DetailName, bool | int | DetailText | None]


class Event(StrictModel):
    """Something that happened, and who did it.

    Attributes:
        address: Where the caller's connection came from; `local:ACCOUNT` for a command on the
            hub's machine.
        centre: The centre that it is about; so are `name` and `version`.
        subject: The SHA-256 of the document or file that it is about.
        detail: Whatever else is to be known; no secret, and nothing without an end.
    """

    action: Action
    caller: Who
    address: Address = ""
    centre: Name | None = None
    name: Name | None = None
    version: int | None = Field(None, ge=1, le=LARGEST_COUNT)
    subject: Digest | None = None
    detail: Details = Field(default_factory=dict, max_length=MOST_DETAILS)

    @classmethod
    def of(
        cls,
        caller: Caller,
        action: Action,
        *,
        centre: str | None = None,
        name: str | None = None,
        version: int | None = None,
        subject: str | None = None,
        **detail: bool | int | str | None,
    ) -> Self:
        """Return what `caller` did."""
        return cls(
            action=action,
            caller=caller.name,
            address=caller.address,
            centre=centre,
            name=name,
            version=version,
            subject=subject,
            detail=detail,
        )


class Entry(Event):
    """An event as it stands in the log.

    Its SHA-256 is that of its canonical JSON, which holds that of the entry before it: whoever
    changes one, or leaves one out, changes the SHA-256 of all that follow.

    Attributes:
        number: Counts from 1, without gaps.
        previous_sha256: Of the entry before; `NOTHING_BEFORE` in the first one.
    """

    number: int = Field(ge=1, le=LARGEST_COUNT)
    at: datetime
    previous_sha256: Digest


def entry(event: Event, *, number: int, at: datetime, previous_sha256: str) -> Entry:
    """Return an event as the entry that it becomes."""
    told: Mapping[str, Any] = dict(event)
    return Entry(**told, number=number, at=at, previous_sha256=previous_sha256)
