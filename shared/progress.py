"""How far a piece of work is: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from shared.durations import duration
from shared.models import StrictModel
from shared.pace import Paced
from shared.verbosity import verbosity

if TYPE_CHECKING:
    from rich.console import Console

EVERY_SECONDS, VERBOSE_SECONDS = 10.0, 1.0


class Progress(StrictModel):
    """How far a piece of work is.

    Attributes:
        total: 0 where only the end will show it.
        rate: Units a second.
        seconds_left: Until its end.
        warning: What a person should look at, if anything; never left out.
    """

    done: int
    total: int
    unit: str
    message: str = ""
    rate: float | None = None
    seconds_left: float | None = None
    warning: str | None = None


OnProgress = Callable[[Progress], None]
"""Takes each step of a piece of work; what it raises stops the work."""

OnCount = Callable[[int, int], None]
"""Takes how many are done, and of how many, where only the caller knows what the work is called."""


class Prints(Protocol):
    """A console, or something like it."""

    def print(self, line: str, *, markup: bool) -> None:
        """Write a line."""


class StandardError:
    """The standard error stream; rich is not loaded for it."""

    def print(self, line: str, *, markup: bool) -> None:  # noqa: ARG002 (there is none)
        """Write a line."""
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


@contextmanager
def shown(console: "Console | None" = None) -> Iterator[OnProgress]:
    """Yield what shows progress on `console`, by default that of the standard error stream.

    What comes without a pace gets the one that is measured here.
    """
    if verbosity() == "quiet":
        yield WarningsAlone(console or StandardError())
    elif console is None and not sys.stderr.isatty():
        yield Paced(PlainLines(StandardError()))
    else:
        with _shown_on(console) as on_progress:
            yield on_progress


@contextmanager
def _shown_on(console: "Console | None") -> Iterator[OnProgress]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    console = console or Console(stderr=True, soft_wrap=True, highlight=False)
    if not console.is_terminal:
        yield Paced(PlainLines(console))
        return
    columns = (BarColumn(bar_width=28), TextColumn("{task.description}", markup=False))
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task("reading", total=None)

        def show(progress: Progress) -> None:
            told = line_of(progress)
            bars.update(task, completed=progress.done, total=progress.total, description=told)
            if progress.warning is not None:
                bars.console.print(f"warning: {progress.warning}", markup=False)

        yield Paced(show)


class WarningsAlone:
    """What is said of progress where a command is to be quiet."""

    def __init__(self, console: Prints) -> None:
        self._console = console

    def __call__(self, progress: Progress) -> None:
        """Write a warning, if there is one."""
        if progress.warning is not None:
            self._console.print(f"warning: {progress.warning}", markup=False)


class PlainLines:
    """A line now and then, and one at the end of a unit that had any: short work says nothing."""

    def __init__(self, console: Prints, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._every = VERBOSE_SECONDS if verbosity() == "verbose" else EVERY_SECONDS
        self._unit, self._line, self._since = "", "", clock()

    def __call__(self, progress: Progress) -> None:
        """Write a line if there is something to say."""
        now, line = self._clock(), line_of(progress)
        is_end = progress.unit == self._unit and progress.done == progress.total
        if progress.warning is not None:
            self._console.print(f"warning: {progress.warning}", markup=False)
        if line == self._line or not (is_end or now - self._since >= self._every):
            return
        self._unit, self._line, self._since = progress.unit, line, now
        self._console.print(line, markup=False)


def line_of(progress: Progress) -> str:
    """Return such as "120/200 epochs, 2.5/s, 32 s left: losses 0.71 and 0.69"."""
    of_all = f"/{progress.total}" if progress.total else ""
    counted = f"{progress.done}{of_all} {progress.unit}"
    told = ", ".join(filter(None, [counted, pace(progress.rate, progress.seconds_left)]))
    return ": ".join(filter(None, [told, progress.message]))


def pace(rate: float | None, seconds_left: float | None) -> str:
    """Return such as "8.2/s, 6 min left" or "4.0 s each", and "" where neither is known."""
    parts = []
    if rate:
        parts.append(f"{rate:.1f}/s" if rate >= 1 else f"{1 / rate:.1f} s each")
    if seconds_left is not None and seconds_left > 0:
        parts.append(f"{duration(seconds_left)} left")
    return ", ".join(parts)
