"""Checks the chain of the log's entries, as they lie in the database."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pydantic import ValidationError

from hub.audit_log.events import NOTHING_BEFORE, Action, Entry
from shared.models import StrictModel
from shared.records import LogHead

REPEATED = ("action", "caller", "centre", "name")
"""Parts of an entry that stand in columns of their own too."""


Version = tuple[str, str, int]
"""Centre, name and number."""


PARTS = {
    Action.SIGNED: "kind",
    Action.KEY_REGISTERED: "number",
    Action.STATUS_SIGNED: "",
    Action.RECEIPT_ADDED: "receiver",
    Action.STATE_CHANGED: "",
    Action.ALIAS_POINTED: "alias",
}
"""What can be told again, with the detail that tells which of several it is about."""

KEPT_WHOLE = frozenset({Action.STATE_CHANGED, Action.ALIAS_POINTED})
"""What the database keeps every one of."""

OF_CENTRES = frozenset({Action.CENTRE_ENROLLED, Action.TOKEN_RENEWED, Action.CENTRE_REMOVED})

NO_DIGEST = "f" * 64


class Told(NamedTuple):
    """What an entry tells of.

    Attributes:
        version: Of a generator; 0 of an alias, which points at one after the other.
        part: Which of several, where an action can have several: the kind of a signature, the
            number of a key, an alias.
    """

    action: Action
    centre: str
    name: str = ""
    version: int = 0
    part: str = ""


class Fault(StrictModel):
    """Something that is not as it was written.

    Attributes:
        place: Which entry, version or file.
        what: What is wrong with it.
    """

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


class LogRow(NamedTuple):
    """An entry as it is stored: bytes, for what was changed may be no text any more."""

    number: int
    action: bytes
    caller: bytes
    centre: bytes | None
    name: bytes | None
    content: bytes
    sha256: bytes


class Chain:
    """Takes the entries in their order; what they tell of versions can be asked for afterwards.

    Args:
        heads: Numbers and SHA-256 that somebody kept.

    Attributes:
        head: The newest entry.
        entries: How many there are.
        first: The oldest one.
        told: By action and version, the first entry.
        latest: What can be told again, as it was told the last time.
        history: What the database keeps every one of, in the order in which it was told.
        centres: By centre, that it may call the hub, has another token, may no longer.
    """

    def __init__(self, heads: Iterable[LogHead] = ()) -> None:
        self.head = LogHead(number=0, sha256=NOTHING_BEFORE)
        self.entries = 0
        self.told: dict[tuple[Action, Version], Entry] = {}
        self.latest: dict[Told, Entry] = {}
        self.history: defaultdict[Told, list[Entry]] = defaultdict(list)
        self.centres: defaultdict[str, list[Entry]] = defaultdict(list)
        self.first: Entry | None = None
        self._kept: Mapping[int, LogHead] = {head.number: head for head in heads}
        self._met: set[int] = set()

    def check(self, rows: Iterable[LogRow]) -> Iterator[Fault]:
        """Yield what is wrong with the entries, in their order."""
        for row in rows:
            yield from self._check_row(row)
            self.head = LogHead(number=row.number, sha256=_digest(row.sha256))
            self.entries += 1
        for number in sorted(self._kept.keys() - self._met - {0}):
            yield Fault(place=f"entry {number}", what="it was there once and is missing")

    def _check_row(self, row: LogRow) -> Iterator[Fault]:
        missing = range(self.head.number + 1, row.number)
        if missing:
            last = f" to {missing[-1]}" if len(missing) > 1 else ""
            place = f"entry {missing[0]}{last}"
            yield Fault(place=place, what=f"missing before entry {row.number}")
        place = f"entry {row.number}"
        found, written = hashlib.sha256(row.content).hexdigest(), _digest(row.sha256)
        if found != written:
            what = f"its text has the SHA-256 {found}, but {written} was written beside it"
            yield Fault(place=place, what=what)
        else:
            yield from self._check_text(row, place, follows_a_gap=bool(missing))
        kept = self._kept.get(row.number)
        if kept is not None:
            self._met.add(row.number)
            if kept.sha256 != written:
                what = f"it has the SHA-256 {written}, but {kept.sha256} was kept of it"
                yield Fault(place=place, what=what)

    def _check_text(self, row: LogRow, place: str, *, follows_a_gap: bool) -> Iterator[Fault]:
        try:
            entry = Entry.model_validate_json(row.content)
        except ValidationError:
            yield Fault(place=place, what="its text is no entry of this version of genshare")
            return
        if entry.number != row.number:
            yield Fault(place=place, what=f"its text is that of entry {entry.number}")
        if entry.previous_sha256 != self.head.sha256 and not follows_a_gap:
            before = f"entry {self.head.number}" if self.entries else place
            what = f"changed as a whole: entry {row.number} holds another SHA-256 of the one before"
            yield Fault(place=before, what=what)
        for column in REPEATED:
            stored, told = getattr(row, column), getattr(entry, column)
            if stored != (None if told is None else told.encode()):
                yield Fault(place=place, what=f"the column {column} is not what its text says")
        self._keep(entry)

    def _keep(self, entry: Entry) -> None:
        self.first = self.first or entry
        if entry.centre and entry.action in OF_CENTRES:
            self.centres[entry.centre].append(entry)
        if not (entry.subject and entry.centre):
            return
        if entry.action in PARTS:
            told = _told(entry, entry.centre)
            self.latest[told] = entry
            if entry.action in KEPT_WHOLE:
                self.history[told].append(entry)
        if entry.name and entry.version:
            about = (entry.centre, entry.name, entry.version)
            self.told.setdefault((entry.action, about), entry)


def _told(entry: Entry, centre: str) -> Told:
    part = str(entry.detail.get(PARTS[entry.action], ""))
    version = 0 if entry.action is Action.ALIAS_POINTED else entry.version or 0
    return Told(entry.action, centre, entry.name or "", version, part)


def _digest(stored: bytes) -> str:
    """Return what is stored as a digest; what is none becomes one that fits nothing."""
    text = stored.decode("ascii", "replace")
    return text if re.fullmatch(r"[0-9a-f]{64}", text) else NO_DIGEST
