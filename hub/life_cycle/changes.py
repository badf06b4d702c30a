"""Which changes of a version's state there are, and who may make them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from hub.errors import StateNotAllowedError, StateNotReachedError
from shared.states import IN_WORDS, State

Who = Literal["its centre", "the administrator", "the hub's rules"]

CENTRE: Who = "its centre"
ADMINISTRATOR: Who = "the administrator"
RULES: Who = "the hub's rules"

CHANGES: Mapping[tuple[State, State], frozenset[Who]] = MappingProxyType(
    {
        ("draft", "pending_review"): frozenset({CENTRE}),
        ("draft", "withdrawn"): frozenset({CENTRE, ADMINISTRATOR}),
        ("draft", "quarantined"): frozenset({ADMINISTRATOR}),
        ("pending_review", "draft"): frozenset({CENTRE, ADMINISTRATOR}),
        ("pending_review", "approved"): frozenset({ADMINISTRATOR, RULES}),
        ("pending_review", "withdrawn"): frozenset({CENTRE, ADMINISTRATOR}),
        ("pending_review", "quarantined"): frozenset({ADMINISTRATOR}),
        ("approved", "deprecated"): frozenset({CENTRE, ADMINISTRATOR}),
        ("approved", "withdrawn"): frozenset({CENTRE, ADMINISTRATOR}),
        ("approved", "quarantined"): frozenset({ADMINISTRATOR}),
        ("deprecated", "approved"): frozenset({CENTRE, ADMINISTRATOR}),
        ("deprecated", "withdrawn"): frozenset({CENTRE, ADMINISTRATOR}),
        ("deprecated", "quarantined"): frozenset({ADMINISTRATOR}),
        ("quarantined", "pending_review"): frozenset({ADMINISTRATOR}),
        ("quarantined", "approved"): frozenset({ADMINISTRATOR}),
        ("quarantined", "withdrawn"): frozenset({CENTRE, ADMINISTRATOR}),
    }
)
"""From a state to another: who may. What is withdrawn stays withdrawn."""

NEEDS_REASON: frozenset[State] = frozenset({"deprecated", "withdrawn", "quarantined"})


def check_change(before: State, after: State, who: Who) -> None:
    """Check that a version in one state may become another.

    Raises:
        StateNotReachedError: There is no such change.
        StateNotAllowedError: There is, and it is not for `who`.
    """
    may = CHANGES.get((before, after))
    if may is None:
        reached = [IN_WORDS[to] for start, to in CHANGES if start == before]
        raise StateNotReachedError(
            f"a version that is {IN_WORDS[before]} cannot become {IN_WORDS[after]}; it can become "
            f"{', '.join(reached) or 'nothing else'}"
        )
    if who not in may:
        raise StateNotAllowedError(
            f"{who} cannot make a version that is {IN_WORDS[before]} {IN_WORDS[after]}; "
            f"{' or '.join(sorted(may))} can"
        )
