"""What of the audit log a caller may read as events."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from hub.audit_log.events import Action, Entry
from hub.errors import TooManyListenersError
from hub.events.store import EventStore
from hub.life_cycle.service import may_see
from shared.access import Caller
from shared.events import MOST_EVENTS, GeneratorEvent, GeneratorEvents
from shared.states import APPROVED, ENDED, State

TOLD = {
    Action.PUBLISHED: "published",
    Action.STATE_CHANGED: "state changed",
    Action.ALIAS_POINTED: "alias pointed",
}
MOST_OF_A_CALLER, MOST_OF_ALL = 4, 100


class Events:
    """Reads events, and counts who listens to them."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._listening: Counter[str] = Counter()

    def after(self, number: int, caller: Caller) -> GeneratorEvents:
        """Return what happened after a number, as far as the caller may know of it.

        A number beyond the newest one, as of a hub that was begun anew, leads back to that.
        """
        entries, last, newest = self._store.after(number, actions=frozenset(TOLD), most=MOST_EVENTS)
        seen = tuple(_event(entry) for entry in entries if _may_know(entry, caller))
        return GeneratorEvents(items=seen, last=last, more=last < newest)

    def check_room(self, caller: Caller) -> None:
        """Check that a caller may listen once more.

        Raises:
            TooManyListenersError: It or all together listen as often as they may.
        """
        mine = self._listening[caller.name]
        if mine >= MOST_OF_A_CALLER or self._listening.total() >= MOST_OF_ALL:
            raise TooManyListenersError(
                f"{mine} streams of {caller.name} are open and {self._listening.total()} of all; "
                f"{MOST_OF_A_CALLER} and {MOST_OF_ALL} may be"
            )

    @contextmanager
    def listening(self, caller: Caller) -> Iterator[None]:
        """Count a caller as one who listens."""
        self._listening[caller.name] += 1
        try:
            yield
        finally:
            self._listening[caller.name] -= 1


def _event(entry: Entry) -> GeneratorEvent:
    state, alias = (entry.detail.get(name) for name in ("state", "alias"))
    return GeneratorEvent.model_validate(
        {
            "number": entry.number,
            "at": entry.at,
            "kind": TOLD[entry.action],
            "centre": entry.centre,
            "name": entry.name,
            "version": entry.version,
            "manifest_digest": entry.subject,
            "state": state or APPROVED,
            "alias": alias,
        }
    )


def _may_know(entry: Entry, caller: Caller) -> bool:
    """Tell whether a caller may know of an entry; what was never public ends unseen too."""
    states: list[State] = [entry.detail.get("state") or APPROVED]  # type: ignore[list-item]
    if states[0] in ENDED and "before" in entry.detail:
        states.append(entry.detail["before"])  # type: ignore[arg-type]
    return all(may_see(state, entry.centre or "", caller) for state in states)
