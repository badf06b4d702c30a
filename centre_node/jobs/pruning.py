"""Which artifacts have been kept long enough, and removes them.

What goes are files that can be made again: artifacts, and packages that were sent. A training's
weights and checkpoints stay until its job is deleted.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from node_api.jobs import Job, PrunableJob
from shared.packages import PACKAGE

ARTIFACTS = "artifacts"
PRUNED = (ARTIFACTS, PACKAGE)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of the artifacts of jobs that have ended.

    Attributes:
        days: Since the job's end; None: for ever.
        size_bytes: Of all of them together; None: whatever they take.
    """

    days: float | None = None
    size_bytes: int | None = None


KEEP_ALL = Kept()


def prunable(
    jobs: Sequence[Job], folder: Path, kept: Kept, *, now: datetime
) -> tuple[PrunableJob, ...]:
    """Return what goes, oldest first.

    Args:
        jobs: Those that have ended, in any order.
        folder: Holds a folder of each, named after its id.
        now: In UTC, without a time zone.
    """
    return tuple(_found(jobs, folder, kept, now))


def prune(folder: Path) -> None:
    """Remove what is pruned of a job's folder."""
    for name in PRUNED:
        remove(folder / name)


def remove(folder: Path) -> None:
    """Remove a folder, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


def _found(jobs: Sequence[Job], folder: Path, kept: Kept, now: datetime) -> Iterator[PrunableJob]:
    sizes = {job.id: _size(folder / job.id) for job in jobs}
    total = sum(sizes.values())
    ended = [(job.finished_at, job) for job in jobs if job.finished_at is not None]
    for finished_at, job in sorted(ended, key=lambda pair: pair[0]):
        reason = _reason(now - finished_at.replace(tzinfo=None), total, kept)
        if reason is None or not sizes[job.id]:
            continue
        total -= sizes[job.id]
        yield PrunableJob(
            id=job.id,
            kind=job.kind,
            finished_at=finished_at,
            size_bytes=sizes[job.id],
            reason=reason,
        )


def _reason(age: timedelta, total: int, kept: Kept) -> Literal["age", "size"] | None:
    if kept.days is not None and age > timedelta(days=kept.days):
        return "age"
    return "size" if kept.size_bytes is not None and total > kept.size_bytes else None


def _size(folder: Path) -> int:
    files = (path for name in PRUNED for path in (folder / name).rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files)
