"""What a hostile caller can write into the log has an end; the clock is the test's."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.audit_log import pace
from hub.audit_log.events import Action, Event
from hub.audit_log.fetches import SECONDS, Fetches
from hub.audit_log.refusals import PER_MINUTE, Refusals
from hub.audit_log.store import LogFilter, LogStore
from hub.centres.callers import nobody, operator
from hub.errors import ForeignCentreError
from shared.access import Caller, Role
from shared.errors import TooOftenError
from shared.packages import ManifestFile
from shared.records import GeneratorVersion
from tests.hub_server import database_of
from tests.packages import write_tiny_package

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CENTRE = Caller("centre-a", Role.CENTRE, "192.0.2.7")
REFUSED = ForeignCentreError("not yours")


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def log(tmp_path: Path) -> LogStore:
    return LogStore(database_of(tmp_path))


def _refuse(refusals: Refusals, caller: Caller) -> None:
    if refusals.is_due(caller):
        refusals.tell(caller, REFUSED, "POST /centres", {})


def _details(log: LogStore) -> list[dict[str, object]]:
    page, _ = log.page(LogFilter(), cursor=None, limit=200)
    return [item["entry"]["detail"] for item in reversed(json.loads(page)["items"])]


def test_ten_thousand_refusals_a_minute_are_as_many_entries_as_a_minute_has(log: LogStore) -> None:
    clock = Clock()
    refusals = Refusals(log, clock=clock, now=lambda: NOW)

    for _ in range(10_000):
        _refuse(refusals, CENTRE)
        clock.seconds += 60 / 10_000
    clock.seconds += 3_600
    _refuse(refusals, nobody("192.0.2.8"))
    _refuse(refusals, CENTRE)

    told = _details(log)
    written = len(told) - 2
    assert PER_MINUTE <= written <= 2 * PER_MINUTE
    assert "left_out" not in told[-2]  # of somebody else
    counted = sum(int(str(detail.get("left_out", 0))) for detail in told)
    assert counted == 10_000 - written


def test_a_file_is_told_again_after_an_hour_and_from_another_address(
    log: LogStore, tmp_path: Path
) -> None:
    package = write_tiny_package(tmp_path)
    file = ManifestFile.model_validate(package.manifest.files[-1])
    record = GeneratorVersion(
        centre="centre-b",
        name="lesions-dcgan",
        version=1,
        published_at=NOW,
        manifest_digest=package.digest,
        manifest=package.manifest,
        card=package.card,
    )
    clock = Clock()
    fetches = Fetches(log, clock=clock, now=lambda: NOW)
    elsewhere, as_well = (Caller("centre-a", Role.CENTRE, f"2001:db8::{n}") for n in (1, 2))

    heads = []
    for caller, later in (
        (CENTRE, 0.0),
        (CENTRE, SECONDS - 1),
        (elsewhere, 0.0),
        (as_well, 0.0),
        (CENTRE, 1.0),
    ):
        clock.seconds += later
        fetches.tell(caller, record, file)
        heads.append(log.head().number)

    assert heads == [1, 1, 2, 2, 3]


def test_a_centre_changes_so_much_an_hour_and_the_hubs_operator_as_much_as_is_needed(
    log: LogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "MOST_CHANGES_AN_HOUR", 3)
    change = Event.of(CENTRE, Action.STATEMENT_ADDED)
    minute = timedelta(minutes=1)

    for number in range(3):
        log.tell(change, at=NOW + number * minute)
        log.tell(Event.of(CENTRE, Action.FETCHED), at=NOW + number * minute)
        log.tell(Event.of(operator(), Action.CENTRE_REMOVED), at=NOW)
    with pytest.raises(TooOftenError, match="centre-a changed 3 things") as refused:
        log.tell(change, at=NOW + 5 * minute)
    log.tell(Event.of(Caller("centre-b", Role.CENTRE), Action.STATEMENT_ADDED), at=NOW)
    log.tell(change, at=NOW + 60 * minute)

    assert refused.value.retry_after_seconds == 55 * 60
    assert log.head().number == 11
