"""What a page is asked for in its address and its form."""

from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field

from hub.audit_log.events import Action
from hub.pages.store import Order, Wanted
from shared.models import LARGEST_COUNT, StrictModel
from shared.names import LesionKind, Name
from shared.states import State

Value = TypeVar("Value")
Chosen = Annotated[Value | None, BeforeValidator(lambda given: given or None)]
"""What is chosen in a form, where the choice "all" is sent empty."""


class AskedGenerators(StrictModel):
    """How the list of generators is filtered and ordered; an empty field does not filter."""

    centre: Chosen[Name] = None
    kind: Chosen[LesionKind] = None
    architecture: Chosen[Name] = None
    state: Chosen[State] = None
    order: Order = Order.NEWEST
    page: int = Field(1, ge=1, le=100_000)

    @property
    def wanted(self) -> Wanted:
        """The same for the store."""
        return Wanted(**{key: value for key, value in self if value is not None})


class AskedLog(StrictModel):
    """Which entries of the audit log are shown; an empty field does not filter."""

    action: Chosen[Action] = None
    caller: str = Field("", max_length=63)
    centre: str = Field("", max_length=63)
    cursor: int | None = Field(None, ge=1, le=LARGEST_COUNT)
