"""Checks states and aliases as they lie in the database, beside what the log tells of them.

Only so is a withdrawal found that somebody took back, or hid, without the hub.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, select

from hub.audit_log.chain import Chain, Fault, Told
from hub.audit_log.events import Action, Entry
from hub.audit_log.stored_versions import time_of
from hub.database import AliasChangeRow, StateChangeRow, StateRow, VersionRow
from hub.dialects import as_stored
from shared.states import APPROVED, Replacement

Said = tuple[str, str | None, str | None]
"""State, reason and replacement."""

Change = tuple[str | None, datetime | None, str | None]
"""What something became, when and by whom."""


def state_faults(connection: Connection, chain: Chain) -> Iterator[Fault]:
    """Yield what is wrong with the versions' states: each must be the last that the log tells."""
    for row in connection.execute(_states()):
        entry = chain.latest.get(Told(Action.STATE_CHANGED, row.centre, row.name, row.version))
        told: Said = (APPROVED, None, None)
        if entry is not None:
            detail = {name: str(value) for name, value in entry.detail.items()}
            told = (detail.get("state", ""), detail.get("reason"), detail.get("replacement"))
        found = (_text(row.state) or APPROVED, _text(row.reason), _replacement(row.replacement))
        if found != told:
            place = f"state of version {row.version} of {row.centre}/{row.name}"
            what = f"it is {_in_words(found)}, and the log tells that it became {_in_words(told)}"
            yield Fault(place=place, what=what)


def alias_faults(connection: Connection, chain: Chain) -> Iterator[Fault]:
    """Yield what is wrong with aliases: each must point where the log tells that it was pointed."""
    query = select(
        AliasChangeRow.centre, AliasChangeRow.name, AliasChangeRow.alias, AliasChangeRow.version
    ).order_by(AliasChangeRow.number)
    points = {
        Told(Action.ALIAS_POINTED, centre, name, part=alias): version
        for centre, name, alias, version in connection.execute(query)
    }
    told = {key: entry for key, entry in chain.latest.items() if key.action is Action.ALIAS_POINTED}
    for key in sorted(points.keys() | told.keys()):
        found, version = points.get(key), told[key].version if key in told else None
        if found != version:
            place = f"alias {key.part} of {key.centre}/{key.name}"
            yield Fault(place=place, what=f"it points at {found}, and the log tells of {version}")


def change_faults(connection: Connection, chain: Chain) -> Iterator[Fault]:
    """Yield whose changes of state, or of where an alias points, are not those of the log."""
    stored: defaultdict[Told, list[Change]] = defaultdict(list)
    for row in connection.execute(_state_changes()):
        told = Told(Action.STATE_CHANGED, row.centre, row.name, row.version)
        stored[told].append((_text(row.state), time_of(row.at), _text(row.by)))
    for row in connection.execute(_alias_changes()):
        told = Told(Action.ALIAS_POINTED, row.centre, row.name, part=row.alias)
        stored[told].append((str(row.version), time_of(row.at), _text(row.by)))
    for key in sorted(stored.keys() | chain.history.keys()):
        expected = [_change(entry) for entry in chain.history.get(key, ())]
        if stored.get(key, []) != expected:
            yield Fault(place=f"changes of {_place(key)}", what=_first_other(stored[key], expected))


def _first_other(found: Sequence[Change], expected: Sequence[Change]) -> str:
    one, other = next(pair for pair in zip_longest(found, expected) if pair[0] != pair[1])
    return f"there is {_change_in_words(one)}, and the log tells of {_change_in_words(other)}"


def _change_in_words(change: Change | None) -> str:
    return "none more" if change is None else f"{change[0]} at {change[1]} by {change[2]}"


def _change(entry: Entry) -> Change:
    is_state = entry.action is Action.STATE_CHANGED
    return str(entry.detail.get("state") if is_state else entry.version), entry.at, entry.caller


def _place(key: Told) -> str:
    if key.action is Action.STATE_CHANGED:
        return f"version {key.version} of {key.centre}/{key.name}"
    return f"alias {key.part} of {key.centre}/{key.name}"


def _state_changes() -> Any:
    return (
        select(
            VersionRow.centre,
            VersionRow.name,
            VersionRow.version,
            as_stored(StateChangeRow.state).label("state"),
            as_stored(StateChangeRow.changed_at).label("at"),
            as_stored(StateChangeRow.changed_by).label("by"),
        )
        .join(StateChangeRow, StateChangeRow.version_id == VersionRow.id)
        .order_by(StateChangeRow.number)
    )


def _alias_changes() -> Any:
    return select(
        AliasChangeRow.centre,
        AliasChangeRow.name,
        AliasChangeRow.alias,
        AliasChangeRow.version,
        as_stored(AliasChangeRow.changed_at).label("at"),
        as_stored(AliasChangeRow.changed_by).label("by"),
    ).order_by(AliasChangeRow.number)


def _states() -> Any:
    texts = (StateRow.state, StateRow.reason, StateRow.replacement)
    return (
        select(
            VersionRow.centre,
            VersionRow.name,
            VersionRow.version,
            *(as_stored(text).label(text.key) for text in texts),
        )
        .outerjoin(StateRow, StateRow.version_id == VersionRow.id)
        .order_by(VersionRow.id)
    )


def _text(stored: bytes | None) -> str | None:
    return None if stored is None else stored.decode(errors="replace")


def _replacement(stored: bytes | None) -> str | None:
    """Return a replacement in the log's words."""
    if stored is None:
        return None
    try:
        return str(Replacement.model_validate_json(stored))
    except ValidationError:
        return "something unreadable"


def _in_words(said: Said) -> str:
    state, reason, replacement = said
    because = "" if reason is None else f" ({reason})"
    return f"{state}{because}" + ("" if replacement is None else f", instead {replacement}")
