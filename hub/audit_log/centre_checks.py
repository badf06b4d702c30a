"""Checks the enrolled centres as they lie in the database, beside what the log tells of them.

Only so is a centre found that somebody let in, or let in again, without the hub.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from hub.audit_log.chain import Chain, Fault
from hub.audit_log.events import Action, Entry
from hub.audit_log.stored_versions import is_after, time_faults, time_of
from hub.database import CentreRow
from hub.dialects import as_stored


class CentreChecks:
    """Compares every centre with its entries.

    Attributes:
        older: How many centres were enrolled before the log began, as far as is known.
    """

    def __init__(self, connection: Connection, chain: Chain) -> None:
        self._connection = connection
        self._chain = chain
        self.older = 0

    def check(self) -> Iterator[Fault]:
        """Yield what is wrong with the centres."""
        unseen = set(self._chain.centres)
        for row in self._connection.execute(_centres()):
            unseen.discard(row.name)
            for what in self._faults_of(row, self._chain.centres.get(row.name, ())):
                yield Fault(place=f"centre {row.name}", what=what)
        for name in sorted(unseen):
            yield Fault(place=f"centre {name}", what="missing; the log tells of it")

    def _faults_of(self, row: Any, told: Sequence[Entry]) -> Iterator[str]:
        yield from self._enrolment_faults(row, told)
        yield from self._removal_faults(row, told)
        yield from _token_faults(row, told)

    def _enrolment_faults(self, row: Any, told: Sequence[Entry]) -> Iterator[str]:
        enrolled = told[0] if told and told[0].action is Action.CENTRE_ENROLLED else None
        if enrolled is not None and time_of(row.enrolled_at) == enrolled.at:
            return  # looked at first: a clock that was set back is no finding
        if not is_after(row.enrolled_at, self._chain.first):
            self.older += 1
        elif enrolled is None:
            yield "the log does not tell that it was enrolled"
        else:
            yield from time_faults("it was enrolled", row.enrolled_at, enrolled.at)

    def _removal_faults(self, row: Any, told: Sequence[Entry]) -> Iterator[str]:
        if told and told[-1].action is Action.CENTRE_REMOVED:
            yield from time_faults("it was removed", row.removed_at, told[-1].at)
        elif row.removed_at is not None and (told or is_after(row.removed_at, self._chain.first)):
            yield f"it was removed at {time_of(row.removed_at)}, and the log does not tell of it"


def _token_faults(row: Any, told: Sequence[Entry]) -> Iterator[str]:
    """Compare the newest token's digest; entries of earlier versions have none."""
    given = [entry for entry in told if entry.action is not Action.CENTRE_REMOVED]
    expected = given[-1].detail.get("token_digest") if given else None
    if expected is not None and row.token_sha256 != str(expected).encode():
        yield "its token is not the one that the log tells of"


def _centres() -> Any:
    texts = (CentreRow.token_sha256, CentreRow.enrolled_at, CentreRow.removed_at)
    columns = (as_stored(text).label(text.key) for text in texts)
    return select(CentreRow.name, *columns).order_by(CentreRow.name)
