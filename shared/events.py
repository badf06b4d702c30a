"""What a hub tells centres of what happened to generators."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from shared.models import LARGEST_COUNT, StrictModel
from shared.names import Digest, Name
from shared.states import State

MOST_EVENTS = 200


class GeneratorEvent(StrictModel):
    """Something that happened to a version; its state tells why, and what to use instead.

    Attributes:
        number: Of the entry in the hub's audit log; they rise, with gaps.
        state: What the version was from then on.
        alias: The name that was pointed at the version.
    """

    number: int = Field(ge=1, le=LARGEST_COUNT)
    at: datetime
    kind: Literal["published", "state changed", "alias pointed"]
    centre: Name
    name: Name
    version: int = Field(ge=1, le=LARGEST_COUNT)
    manifest_digest: Digest
    state: State | None = None
    alias: str | None = Field(None, max_length=63)


class GeneratorEvents(StrictModel):
    """Events in their order.

    Attributes:
        last: Everything up to this number was looked at: what to ask `after` next.
        more: Whether there is more after it now.
    """

    items: tuple[GeneratorEvent, ...] = Field(max_length=MOST_EVENTS)
    last: int = Field(ge=0, le=LARGEST_COUNT)
    more: bool
