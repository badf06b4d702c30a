"""Whatever goes wrong, a federation ends in a known state with a reason, and what can finish does.

Each run does what `genshare simulate` does with services that run, is struck once, and where it
failed, it is started again by the same call. Its table is that of the run that nothing struck. What
comes before the stage that is struck is not done again: the services begin with what they had then.
"""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from centre_node.mammography.phantoms.writing import write_phantoms
from node_api.data_sources import FolderFormat, PhantomSet
from node_api.jobs import FINISHED, Job
from shared.problems import GenshareError
from simulation.steps import OnJob, Step
from tests.faults.faults import Stage, Striking, drawn
from tests.faults.federation import Short, short_federation
from tests.small_disk import small_disk
from tests.waiting import wait_for

EVERY = range(50)
OFTEN = (0, 1, 3, 5, 6, 7, 9, 10, 12, 13, 15, 20)
"""Of each kind, and none while a generator is trained, which takes longest to do again."""

DIGEST = "the same jobs"
DISK_KIB = 32 << 10
FAULTS = [pytest.param(seed, marks=() if seed in OFTEN else pytest.mark.nightly) for seed in EVERY]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


PHANTOMS: dict[str, tuple[PhantomSet, FolderFormat]] = {
    "A": (PhantomSet(style="digital", patients=12, seed=1, image_height_px=256), "coco"),
    "B": (
        PhantomSet(style="film", patients=8, seed=2, image_height_px=256, healthy_share=0),
        "bcdr",
    ),
}


AFTER = {"train": "publish", "publish": "pull", "pull": "study"}


@dataclass
class Timed:
    """Looks at the jobs of a run that nothing strikes, and keeps what is there between stages.

    Attributes:
        before: Gets a folder of all that the services keep before each stage.
    """

    short: Short
    before: Path
    seen: dict[str, Job] = field(default_factory=dict)
    crossed: dict[str, int] = field(default_factory=dict)

    def on_job(self, _: Step, job: Job) -> None:
        stage = job.kind.partition("_")[0]
        self.crossed.setdefault(stage, -self.short.line.crossed)
        if job.state in FINISHED and stage not in self.seen:
            self.seen[stage] = job
            self.crossed[stage] += self.short.line.crossed
            if stage in AFTER:
                self.short.copy(self.before / AFTER[stage])

    @property
    def stages(self) -> dict[str, Stage]:
        return {
            stage: Stage((job.finished_at - job.started_at).total_seconds(), self.crossed[stage])
            for stage, job in self.seen.items()
            if job.finished_at is not None and job.started_at is not None
        }


@dataclass(frozen=True)
class Undisturbed:
    """The run that nothing strikes.

    Attributes:
        mammograms: Each centre's folder.
        before: Has a folder of all that the services kept before each stage.
        table: What it found.
    """

    mammograms: dict[str, Path]
    before: Path
    stages: dict[str, Stage]
    table: str


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    mammograms = _write_phantoms(folder)
    with short_federation(folder, mammograms) as short:
        before = folder / "before"
        short.copy(before / "train")
        timed = Timed(short, before)
        table = short.run(DIGEST, timed.on_job)
    return Undisturbed(mammograms, before, timed.stages, table)


@pytest.fixture(scope="module")
def rows() -> Iterator[list[str]]:
    """What is told of each run, in the end: the table of docs/node.md."""
    told: list[str] = []
    yield told
    sys.stdout.write("\n" + "\n".join(told) + "\n")


def _write_phantoms(folder: Path) -> dict[str, Path]:
    for phantoms, layout in PHANTOMS.values():
        write_phantoms(phantoms, folder / layout, layout=layout, on_progress=lambda *_: None)
    return {label: folder / layout for label, (_, layout) in PHANTOMS.items()}


@pytest.mark.parametrize("seed", FAULTS)
def test_a_fault_ends_in_a_known_state_and_the_same_table(
    seed: int, undisturbed: Undisturbed, rows: list[str], tmp_path: Path
) -> None:
    fault, begun = drawn(seed), time.monotonic()
    with ExitStack() as stack:
        if fault.kind == "fill the disk":
            stack.enter_context(small_disk(tmp_path / fault.who, kib=DISK_KIB))
        shutil.copytree(undisturbed.before / fault.stage, tmp_path, dirs_exist_ok=True)
        short = stack.enter_context(short_federation(tmp_path, undisturbed.mammograms))
        striking = Striking(fault, short, undisturbed.stages)
        end, table = _run(short, striking.on_job)
        striking.over()
        striking.mend()
        jobs = settled(short)
        if table is None:
            again, table = _run(short, lambda *_: None)
            assert table is not None, again
        jobs = settled(short)

    rows.append(f"| {seed} | {fault} | {end} | {time.monotonic() - begun:.0f} |")
    assert table == undisturbed.table
    for job in jobs:
        if job.state == "failed":
            assert job.problem is not None
            assert job.problem.failure in {"network", "resources", "input"}, job.problem
            assert job.problem.hint


def _run(short: Short, on_job: OnJob) -> tuple[str, str | None]:
    """Run a federation; return how it ended in a word, and its table if there is one."""
    try:
        return "finished", short.run(DIGEST, on_job)
    except GenshareError as error:  # anything else is no known state
        return f"{error.code}: {error} {error.hint}", None


def settled(short: Short) -> list[Job]:
    """Return all jobs once none of them waits or runs."""

    def read() -> list[Job] | None:
        jobs = [job for label in short.nodes for job in short.jobs(label)]
        return jobs if all(job.state in FINISHED for job in jobs) else None

    return wait_for(read)
