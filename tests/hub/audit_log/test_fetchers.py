"""Who fetched a centre's generators, as the log tells its centre."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.audit_log.events import Action, Event
from hub.audit_log.fetchers import Fetchers
from hub.audit_log.store import LogStore
from hub.database import open_database
from hub.errors import ForeignCentreError
from shared.access import Caller, Role
from shared.records import MOST_FETCHES, Fetched

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OWNER = Caller("centre-b", Role.CENTRE)


def test_each_version_and_caller_has_its_first_and_last_time_the_latest_first(
    tmp_path: Path,
) -> None:
    engine = open_database(tmp_path / "hub.sqlite")
    log = LogStore(engine)
    told = [
        ("centre-a", Action.FETCHED, "centre-b", 1),
        ("centre-c", Action.FETCHED, "centre-b", 1),
        ("centre-a", Action.FETCHED, "centre-b", 2),
        ("centre-a", Action.FETCHED, "centre-b", 1),
        ("centre-a", Action.PUBLISHED, "centre-b", 1),
        ("centre-b", Action.FETCHED, "centre-a", 1),
    ]
    for hour, (by, action, centre, version) in enumerate(told):
        caller = Caller(by, Role.CENTRE, "192.0.2.7")
        event = Event.of(caller, action, centre=centre, name="masses", version=version)
        log.tell(event, at=NOON + timedelta(hours=hour))

    found = Fetchers(engine).of_centre("centre-b", caller=OWNER)

    def fetched(by: str, version: int, first: int, last: int) -> Fetched:
        at = [NOON + timedelta(hours=hour) for hour in (first, last)]
        return Fetched(name="masses", version=version, by=by, first_at=at[0], last_at=at[1])

    rows = (("centre-a", 1, 0, 3), ("centre-a", 2, 2, 2), ("centre-c", 1, 1, 1))
    assert found.items == tuple(fetched(*row) for row in rows)
    assert not found.more
    assert "192.0.2.7" not in found.model_dump_json()


def test_what_is_told_has_an_end_and_says_that_there_is_more(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "hub.sqlite")
    log = LogStore(engine)
    for version in range(1, MOST_FETCHES + 2):
        caller = Caller("centre-a", Role.CENTRE)
        event = Event.of(caller, Action.FETCHED, centre="centre-b", name="m", version=version)
        log.tell(event, at=NOON)

    found = Fetchers(engine).of_centre("centre-b", caller=OWNER)

    assert len(found.items) == MOST_FETCHES
    assert found.more


def test_another_centre_is_not_told(tmp_path: Path) -> None:
    fetchers = Fetchers(open_database(tmp_path / "hub.sqlite"))

    with pytest.raises(ForeignCentreError, match="centre-a cannot see who fetched"):
        fetchers.of_centre("centre-b", caller=Caller("centre-a", Role.CENTRE))
