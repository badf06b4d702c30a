"""Shows how far the jobs are: bars on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from node_api.jobs import FINISHED, Job
from shared.durations import duration
from shared.progress import EVERY_SECONDS, pace
from simulation.steps import OnJob, Step

ENDINGS = {"succeeded": "done", "failed": "failed", "cancelled": "cancelled"}


@contextmanager
def shown(console: Console) -> Iterator[OnJob]:
    """Yield what takes each look at a job and shows it on `console`."""
    if not console.is_terminal:
        yield JobLines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.fields[count]}", style="cyan"),
        TextColumn("{task.fields[pace]}", style="dim"),
        _Elapsed(),
    )
    with Progress(*columns, console=console, refresh_per_second=4) as bars:
        yield JobBars(bars)


class JobBars:
    """One bar a job."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._warned: set[str] = set()

    def __call__(self, step: Step, job: Job) -> None:
        """Show a job as it stands."""
        if step.name not in self._tasks:
            self._tasks[step.name] = self._bars.add_task(
                escape(step.title), total=None, start=False, count="", pace=""
            )
        task = self._tasks[step.name]
        if job.state != "queued":
            self._bars.start_task(task)
        done, total = bar_of(job)
        self._bars.update(task, completed=done, total=total, count=count_of(job), pace=pace_of(job))
        if job.state in FINISHED:
            self._bars.stop_task(task)
            if job.progress and job.progress.warning and step.name not in self._warned:
                self._warned.add(step.name)
                self._bars.console.print(line_of(step.title, job, first=False), markup=False)


class JobLines:
    """A line when a job starts, when it ends, and now and then between."""

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._shown: dict[str, tuple[str, float]] = {}

    def __call__(self, step: Step, job: Job) -> None:
        """Write a line if there is something to say."""
        now = self._clock()
        state, since = self._shown.get(step.name, ("", now))
        if state == job.state and (job.state != "running" or now - since < EVERY_SECONDS):
            return
        self._shown[step.name] = (job.state, now)
        if job.state != "queued":
            self._console.print(line_of(step.title, job, first=state != job.state), markup=False)


def line_of(title: str, job: Job, *, first: bool) -> str:
    """Return a job's line, such as "centre-b trains lesions: 120/3120 steps, 8.2/s, 6 min left"."""
    if job.state in ENDINGS:
        took = "" if job.seconds is None else f" in {duration(job.seconds)}"
        warning = job.progress.warning if job.progress else None
        return f"{title}: {ENDINGS[job.state]}{took}" + (f"; warning: {warning}" * bool(warning))
    if first:
        return f"{title}: started"
    return f"{title}: " + ", ".join(part for part in (count_of(job), pace_of(job)) if part)


def bar_of(job: Job) -> tuple[float, float | None]:
    """Return how full a job's bar is, and its length; None while that is not known."""
    if job.state == "succeeded":
        return 1, 1
    if job.progress is None or not job.progress.total:
        return 0, None
    return job.progress.done, job.progress.total


def count_of(job: Job) -> str:
    """Return such as "120/3120 steps"."""
    if job.state in ENDINGS:
        return ENDINGS[job.state]
    if job.progress is None:
        return job.state
    progress = job.progress
    counted = f"{progress.done}/{progress.total} {progress.unit}" if progress.total else ""
    return ": ".join(part for part in (counted, progress.message) if part)


def pace_of(job: Job) -> str:
    """Return such as "8.2/s, 6 min left"."""
    if job.state in FINISHED or job.progress is None or not job.progress.rate:
        return ""
    rate, left = job.progress.rate, job.progress.seconds_left
    if left is None:
        left = (job.progress.total - job.progress.done) / rate
    return pace(rate, left)


class _Elapsed(ProgressColumn):
    """How long a job's bar has been there."""

    def render(self, task: Task) -> Text:
        """Return the time since the job started, as 0:03:20."""
        elapsed = timedelta(seconds=int(task.elapsed or 0))
        return Text(str(elapsed), style="dim")
