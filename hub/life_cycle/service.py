"""The rules of what versions are. Knows nothing of HTTP or SQL."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from hub.errors import (
    ForeignCentreError,
    GeneratorNotFoundError,
    StateRefusedError,
    VersionQuarantinedError,
    VersionWithdrawnError,
)
from hub.life_cycle.approval import Approval, Candidate
from hub.life_cycle.changes import (
    ADMINISTRATOR,
    CENTRE,
    NEEDS_REASON,
    RULES,
    Who,
    check_change,
)
from hub.life_cycle.store import Place, StateStore
from shared.access import Caller, Role
from shared.preconditions import CheckDocument, unconditional
from shared.records import GeneratorVersion
from shared.screening import prose_fault
from shared.statements import AuditStatement
from shared.states import (
    APPROVED,
    IN_WORDS,
    PRIVATE,
    SERVED,
    State,
    StateWanted,
    VersionState,
    VersionStates,
)

BY_RULES = Caller("(rules)", Role.ADMINISTRATOR)


class LifeCycle:
    """Tells and changes what versions are."""

    def __init__(
        self, states: StateStore, approval: Approval, *, clock: Callable[[], datetime]
    ) -> None:
        self._states = states
        self._approval = approval
        self._clock = clock

    def first_state(self, *, draft: bool) -> State:
        """Return what a version is when it is published."""
        return "draft" if draft else self._approval.first_state

    def find(self, place: Place, caller: Caller) -> VersionState:
        """Return the state of a version.

        Raises:
            GeneratorNotFoundError: There is none, or none that the caller may see.
        """
        state = self._states.read(place)
        if state is None or not may_see(state.state, place.centre, caller):
            raise GeneratorNotFoundError(f"there is no {place}")
        return state

    def all(self, centre: str, name: str, caller: Caller) -> VersionStates:
        """Return what a generator's versions are, those that were withdrawn too.

        Raises:
            GeneratorNotFoundError: There is none that the caller may see.
        """
        found = self._states.all(centre, name, caller)
        if not found:
            raise GeneratorNotFoundError(f"there is no generator {centre}/{name} in any version")
        return VersionStates(items=found)

    def change(
        self,
        place: Place,
        wanted: StateWanted,
        caller: Caller,
        *,
        check_document: CheckDocument = unconditional,
    ) -> VersionState:
        """Change what a version is; a draft that is handed in may be approved at once.

        Args:
            check_document: Raises if its state is not the one that is meant.

        Raises:
            GeneratorNotFoundError: There is none.
            ForeignCentreError: It is another centre's.
            StateNotReachedError, StateNotAllowedError: There is no such change, or not for them.
            StateRefusedError: The reason or the replacement will not do.
        """
        self.find(place, caller)
        who = _who(place, caller)
        self._check_words(place, wanted, caller)
        state = self._states.change(
            place,
            wanted,
            by=caller,
            now=self._clock(),
            check=partial(check_change, after=wanted.state, who=who),
            check_document=check_document,
        )
        if state.state == "pending_review" and self._approval.at_once:
            return self._approve(place)
        return state

    def lacking(
        self, record: GeneratorVersion, statement: AuditStatement | None
    ) -> tuple[str, ...]:
        """Say what a version that pends lacks for the hub's rules to approve it."""
        if record.state != "pending_review":
            return ()
        return self._approval.lacking(Candidate(record, statement))

    def consider(self, candidate: Candidate) -> State:
        """Approve a version that pends, if the hub's rules hold, and return what it is then."""
        record = candidate.record
        if self._approval.lacking(candidate):
            return record.state
        return self._approve(Place(record.centre, record.name, record.version)).state

    def _approve(self, place: Place) -> VersionState:
        return self._states.change(
            place,
            StateWanted(state=APPROVED),
            by=BY_RULES,
            now=self._clock(),
            check=partial(check_change, after=APPROVED, who=RULES),
        )

    def _check_words(self, place: Place, wanted: StateWanted, caller: Caller) -> None:
        if wanted.reason is None and wanted.state in NEEDS_REASON:
            raise StateRefusedError(f"a version does not become {wanted.state} without a reason")
        if wanted.reason is not None and (fault := prose_fault(wanted.reason)):
            raise StateRefusedError(f"the reason is refused: {fault}")
        if wanted.replacement is not None:
            self._check_replacement(place, Place(**wanted.replacement.model_dump()), caller)

    def _check_replacement(self, place: Place, other: Place, caller: Caller) -> None:
        state = self._states.read(other)
        if other == place:
            raise StateRefusedError(f"{place} cannot replace itself")
        if state is None or not may_see(state.state, other.centre, caller):
            raise StateRefusedError(f"the replacement is not there: {other}")
        if state.state not in SERVED:
            raise StateRefusedError(f"{other} is {IN_WORDS[state.state]} and replaces nothing")


def may_see(state: State, centre: str, caller: Caller) -> bool:
    """Tell whether a caller may know of a centre's version in a state."""
    return state not in PRIVATE or caller.role is Role.ADMINISTRATOR or caller.name == centre


def check_served(state: VersionState, caller: Caller) -> None:
    """Check that a version's files are given to a caller.

    Raises:
        VersionWithdrawnError: It was withdrawn.
        VersionQuarantinedError: It is in quarantine, and the caller is not the operator.
    """
    what = f"version {state.version} of {state.centre}/{state.name} is {state}"
    if state.state == "withdrawn":
        raise VersionWithdrawnError(what)
    if state.state == "quarantined" and caller.role is not Role.ADMINISTRATOR:
        raise VersionQuarantinedError(what)


def _who(place: Place, caller: Caller) -> Who:
    if caller.role is Role.ADMINISTRATOR:
        return ADMINISTRATOR
    if caller.name != place.centre:
        raise ForeignCentreError(f"{caller.name} cannot change what {place.centre} has published")
    return CENTRE
