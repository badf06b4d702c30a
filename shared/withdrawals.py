"""What a centre says when it withdraws a version: which, why, and what to use instead."""

from typing import Literal

from pydantic import Field

from shared.models import LARGEST_COUNT, StrictModel
from shared.names import CalendarDay, Digest, Name, Text
from shared.states import Replacement


class WithdrawalStatement(StrictModel):
    """A version is not to be used any more, its centre says.

    Attributes:
        subject: The version's manifest digest.
        replacement: What to use instead.
    """

    schema_version: Literal[1] = 1
    subject: Digest
    centre: Name
    name: Name
    version: int = Field(ge=1, le=LARGEST_COUNT)
    reason: Text
    replacement: Replacement | None = None
    day: CalendarDay
