"""What a page is asked for in its address and its form."""

from typing import Literal

from pydantic import Field

from hub.audit_log.events import Action
from hub.pages.store import Order, Wanted
from shared.models import LARGEST_COUNT, StrictModel
from shared.names import LesionKind, Name
from shared.states import State


class AskedGenerators(StrictModel):
    """How the list of generators is filtered and ordered; an empty field does not filter."""

    centre: Name | Literal[""] = ""
    kind: LesionKind | Literal[""] = ""
    architecture: Name | Literal[""] = ""
    state: State | Literal[""] = ""
    order: Order = Order.NEWEST
    page: int = Field(1, ge=1, le=100_000)

    @property
    def wanted(self) -> Wanted:
        """The same for the store."""
        return Wanted(**dict(self))


class AskedLog(StrictModel):
    """Which entries of the audit log are shown; an empty field does not filter."""

    action: Action | Literal[""] = ""
    caller: str = Field("", max_length=63)
    centre: str = Field("", max_length=63)
    cursor: int | None = Field(None, ge=1, le=LARGEST_COUNT)
