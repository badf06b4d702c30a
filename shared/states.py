"""What a published version is: approved or not, withdrawn and why, and what to use instead."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from shared.models import LARGEST_COUNT, StrictModel
from shared.names import Digest, Name, Text, in_words

State = Literal["draft", "pending_review", "approved", "deprecated", "withdrawn", "quarantined"]
"""Of a version. Where nothing says it, as on hubs of before, a version is approved."""

APPROVED: State = "approved"
WITHDRAWN: State = "withdrawn"
SERVED: tuple[State, ...] = ("approved", "deprecated")
"""What lists and `latest` mean."""

PRIVATE: tuple[State, ...] = ("draft", "pending_review")
"""What nobody sees but the version's centre and the administrator."""

ENDED: tuple[State, ...] = ("withdrawn", "quarantined")
"""What is not to be used; its record can still be read."""

MOST_CHANGES_TOLD = 50
MOST_VERSIONS = 100_000

IN_WORDS: Mapping[State, str] = MappingProxyType(
    {
        "draft": "a draft",
        "pending_review": "pending review",
        "approved": "approved",
        "deprecated": "deprecated",
        "withdrawn": "withdrawn",
        "quarantined": "quarantined",
    }
)


class Replacement(StrictModel):
    """The version to use instead."""

    centre: Name
    name: Name
    version: int = Field(ge=1, le=LARGEST_COUNT)

    def __str__(self) -> str:
        return f"version {self.version} of {self.centre}/{self.name}"


class StateWanted(StrictModel):
    """Asks for a change of a version's state."""

    state: State
    reason: Text | None = Field(
        None, description="Why, in words; a version is not deprecated or withdrawn without."
    )
    replacement: Replacement | None = Field(None, description="What to use instead.")


class StateChange(StrictModel):
    """What a version became, when and by whom."""

    state: State
    reason: Text | None = None
    replacement: Replacement | None = None
    changed_at: datetime
    changed_by: str = Field(
        max_length=63,
        description="A centre, `(administrator)`, or `(rules)` of the hub's approval.",
    )


class VersionState(StrictModel):
    """The state of a version, and how it came to it: its last changes, newest first."""

    centre: Name
    name: Name
    version: int = Field(ge=1, le=LARGEST_COUNT)
    manifest_digest: Digest
    state: State
    reason: Text | None = None
    replacement: Replacement | None = None
    history: tuple[StateChange, ...] = Field((), max_length=MOST_CHANGES_TOLD)
    signed_with: Digest | None = Field(
        None,
        exclude_if=lambda key: key is None,
        description="In what a receiver writes down: the key of its centre that signed so. No hub "
        "says it.",
    )

    def __str__(self) -> str:
        told = told_state(self.state, self.reason, self.replacement)
        return f"{told} (signed by {self.centre})" if self.signed_with else told


def _is_no_version(alias: str) -> str:
    if alias == "latest":
        raise ValueError("latest is the last version's own; an alias has another name")
    return alias


class VersionStates(StrictModel):
    """What the versions of a generator are, newest first, without their histories."""

    items: tuple[VersionState, ...] = Field(max_length=MOST_VERSIONS)


ALIAS_NAME = r"^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$"
AliasName = Annotated[
    str,
    StringConstraints(pattern=ALIAS_NAME),
    in_words(
        ALIAS_NAME,
        "a lower-case letter, then lower-case letters, digits and inner hyphens, at most 63",
    ),
    AfterValidator(_is_no_version),
]
"""Not a number, nor `latest`, which are versions' own."""


class AliasTarget(StrictModel):
    """Asks to point an alias at a version."""

    version: int = Field(ge=1, le=LARGEST_COUNT)


class PastTarget(AliasTarget):
    """Where an alias was pointed, when and by whom."""

    changed_at: datetime
    changed_by: str = Field(max_length=63)


class Alias(StrictModel):
    """Where an alias points, what that version is, and its last changes, newest first."""

    centre: Name
    name: Name
    alias: AliasName
    version: int = Field(ge=1, le=LARGEST_COUNT)
    state: State
    history: tuple[PastTarget, ...] = Field(max_length=MOST_CHANGES_TOLD)


def told_state(state: State, reason: str | None, replacement: Replacement | None) -> str:
    """Say a state in words, with its reason and what to use instead."""
    because = f": {reason}" if reason else ""
    instead = f"; use {replacement} instead" if replacement else ""
    return f"{IN_WORDS[state]}{because}{instead}"
