"""On a full disk a node still writes what became of its jobs."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from centre_node.database import open_database
from centre_node.jobs.spare import SPARE, SPARE_BYTES, Spare
from centre_node.jobs.store import JobStore
from node_api.jobs import JobProblem
from node_api.requests import PullRequest
from tests.faults.faults import fill
from tests.small_disk import small_disk

NOW = datetime(2026, 1, 2)  # noqa: DTZ001 (the database's own)
PROBLEM = JobProblem(code="GS-3301", title="Disk full", detail="d" * 8_000, hint="Free some.")


def test_a_failure_is_written_on_a_full_disk_and_the_room_is_taken_again(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kib=8 << 10) as disk:
        store, spare = JobStore(open_database(disk)), Spare(disk)
        spare.keep()
        assert (disk / SPARE).stat().st_size == SPARE_BYTES
        store.add("one", PullRequest(centre="b", name="c"), None, now=NOW)
        store.claim(now=NOW)
        fill(disk / "filler")

        with pytest.raises(OperationalError, match="full"):
            store.fail("one", PROBLEM, now=NOW)
        spare.write(lambda: store.fail("one", PROBLEM, now=NOW))

        job = store.find("one")
        assert job is not None
        assert (job.state, job.problem) == ("failed", PROBLEM)
        left = (disk / SPARE).stat().st_size
        assert 0 < left < SPARE_BYTES
        spare.keep()
        assert (disk / SPARE).stat().st_size == left
        (disk / "filler").unlink()
        spare.keep()
        assert (disk / SPARE).stat().st_size == SPARE_BYTES


def test_without_room_the_fault_is_told(tmp_path: Path) -> None:
    def change() -> None:
        raise OperationalError("", None, Exception("database or disk is full"))

    with pytest.raises(OperationalError):
        Spare(tmp_path).write(change)
