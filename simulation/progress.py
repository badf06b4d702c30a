"""Shows how far the jobs are: bars on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from node_api.jobs import FINISHED, Job
from shared.durations import duration
from shared.progress import EVERY_SECONDS, pace
from shared.safe_text import shown as shown_text
from shared.verbosity import verbosity
from simulation.steps import OnJob, Step

ENDINGS = {"succeeded": "done", "failed": "failed", "cancelled": "cancelled"}


@contextmanager
def shown(console: Console) -> Iterator[OnJob]:
    """Yield what takes each look at a job and shows it on `console`."""
    if verbosity() == "quiet":
        yield JobWarnings(console)
        return
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


class JobWarnings:
    """What is said of jobs where a command is to be quiet: a line of each that ends with one."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[str] = set()

    def __call__(self, step: Step, job: Job) -> None:
        """Write a warning once."""
        if job.state in ENDINGS and _warning(job) and step.name not in self._told:
            self._told.add(step.name)
            self._console.print(line_of(step.title, job, first=False), markup=False)


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


@dataclass
class _Told:
    """What was last told of a job, and when it had started where it was first looked at."""

    state: str = ""
    since: float = 0.0
    line: str = ""
    started_at: datetime | None = None

    def goes_on(self, job: Job) -> bool:
        """Tell whether the job was under way before this start, or before its worker was lost."""
        self.started_at = self.started_at or job.started_at
        seen_first = not self.state and job.state != "queued"
        return seen_first or self.started_at != job.started_at


class JobLines:
    """A line when a job starts, when it ends, and now and then between; none comes twice."""

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._told: dict[str, _Told] = {}

    def __call__(self, step: Step, job: Job) -> None:
        """Write a line if there is something to say."""
        now = self._clock()
        told = self._told.setdefault(step.name, _Told())
        goes_on, is_new = told.goes_on(job), told.state != job.state
        found_done = not told.state and job.state in ENDINGS
        if not is_new and (job.state != "running" or now - told.since < EVERY_SECONDS):
            return
        told.state, told.since = job.state, now
        line = (
            f"{step.title}: {ENDINGS[job.state]} before{_warning(job)}"
            if found_done
            else line_of(step.title, job, first=is_new, goes_on=goes_on)
        )
        if job.state != "queued" and line != told.line:
            told.line = line
            self._console.print(line, markup=False)


def line_of(title: str, job: Job, *, first: bool, goes_on: bool = False) -> str:
    """Return a job's line, such as "centre-b trains lesions: 120/3120 steps, 8.2/s, 6 min left".

    Args:
        first: Whether it is the first in this state.
        goes_on: Whether it was interrupted, so that its time is not all that it took.
    """
    if job.state in ENDINGS:
        return f"{title}: {ENDINGS[job.state]}{_took(job, goes_on=goes_on)}{_warning(job)}"
    if job.state == "awaiting_review":
        return f"{title}: waits until a person approves or rejects the job {job.id} at its node"
    if first:
        return f"{title}: {'goes on' if goes_on else 'started'}"
    return f"{title}: " + ", ".join(part for part in (count_of(job), pace_of(job)) if part)


def _took(job: Job, *, goes_on: bool) -> str:
    if job.seconds is None:
        return ""
    return (
        f" {duration(job.seconds)} after it went on" if goes_on else f" in {duration(job.seconds)}"
    )


def _warning(job: Job) -> str:
    warning = shown_text(job.progress.warning or "") if job.progress else ""
    return f"; warning: {warning}" if warning else ""


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
    if job.state == "awaiting_review":
        return "waits for a person's review"
    if job.progress is None:
        return job.state
    progress = job.progress
    of_all = f"/{progress.total}" if progress.total else ""
    counted = f"{progress.done}{of_all} {progress.unit}"
    return ": ".join(part for part in (counted, shown_text(progress.message)) if part)


def pace_of(job: Job) -> str:
    """Return such as "8.2/s, 6 min left"."""
    if job.state != "running" or job.progress is None or not job.progress.rate:
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
