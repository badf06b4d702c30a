from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from centre_node.database import open_database
from centre_node.jobs.pruning import Kept
from centre_node.jobs.service import Jobs
from centre_node.jobs.store import JobStore
from tests.centre_node.jobs.test_store import PULLED, REQUEST

START = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
DAY = timedelta(days=1)
SIZE = 1000


class Shelf:
    """Jobs that ended a day after each other, the first on the first day, with equal artifacts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "jobs"
        self.store = JobStore(open_database(folder))
        self.ids = [self._ended(day) for day in range(3)]

    def _ended(self, day: int) -> str:
        job, _ = self.jobs(Kept()).submit(REQUEST, None)
        self.store.claim(now=START)
        self.store.succeed(job.id, PULLED, now=START + day * DAY)
        for place in ("artifacts", "training"):
            (self.folder / job.id / place).mkdir(parents=True)
            (self.folder / job.id / place / "file").write_bytes(b"x" * SIZE)
        return job.id

    def jobs(self, kept: Kept) -> Jobs:
        return Jobs(self.store, self.folder, clock=lambda: START + 3 * DAY, kept=kept)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.mark.parametrize(
    ("kept", "gone"),
    [
        (Kept(), []),
        (Kept(days=1.5), [(0, "age"), (1, "age")]),
        (Kept(days=5), []),
        (Kept(size_bytes=2 * SIZE), [(0, "size")]),
        (Kept(size_bytes=2 * SIZE - 1), [(0, "size"), (1, "size")]),
        (Kept(days=2.5, size_bytes=SIZE), [(0, "age"), (1, "size")]),
    ],
)
def test_what_is_told_beforehand_is_what_goes(
    shelf: Shelf, kept: Kept, gone: list[tuple[int, str]]
) -> None:
    jobs = shelf.jobs(kept)

    told = jobs.prunable()
    assert [(job.id, job.reason, job.size_bytes) for job in told] == [
        (shelf.ids[number], reason, SIZE) for number, reason in gone
    ]
    assert jobs.prune() == told
    left = [job_id for job_id in shelf.ids if (shelf.folder / job_id / "artifacts").exists()]
    assert left == [shelf.ids[number] for number in range(3) if number not in dict(gone)]
    assert all((shelf.folder / job_id / "training" / "file").exists() for job_id in shelf.ids)
    assert [jobs.find(job_id).result for job_id in shelf.ids] == [PULLED] * 3
    assert jobs.prunable() == ()


def test_what_runs_is_not_pruned(shelf: Shelf) -> None:
    job, _ = shelf.jobs(Kept()).submit(REQUEST, None)
    shelf.store.claim(now=START)
    (shelf.folder / job.id / "artifacts").mkdir(parents=True)
    (shelf.folder / job.id / "artifacts" / "file").write_text("x")

    gone = shelf.jobs(Kept(days=0)).prune()

    assert job.id not in {one.id for one in gone}
    assert (shelf.folder / job.id / "artifacts" / "file").exists()
