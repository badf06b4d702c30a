"""Shows how far a training is: a bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from centre_node.sharing.training import OnStep, TrainingStep

EVERY_SECONDS = 10.0


@contextmanager
def shown(console: Console) -> Iterator[OnStep]:
    """Yield what takes each step of a training and shows it on `console`."""
    if not console.is_terminal:
        yield PlainLines(console)
        return
    columns = (BarColumn(bar_width=28), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("reading", total=None)
        yield lambda step: bars.update(
            task, completed=step.done, total=step.total, description=line_of(step)
        )


class PlainLines:
    """A line for the first and the last steps of each unit, and now and then between."""

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._unit, self._since = "", 0.0

    def __call__(self, step: TrainingStep) -> None:
        """Write a line if there is something to say."""
        now = self._clock()
        is_due = step.unit != self._unit or now - self._since >= EVERY_SECONDS
        if not is_due and step.done < step.total - 1:
            return
        self._unit, self._since = step.unit, now
        self._console.print(line_of(step), markup=False)


def line_of(step: TrainingStep) -> str:
    """Return such as "120/200 epochs, 2.5/s, 0:00:32 left: losses 0.71 and 0.69"."""
    parts = [f"{step.done}/{step.total} {step.unit}"]
    if step.rate:
        parts.append(f"{step.rate:.1f}/s" if step.rate >= 1 else f"{1 / step.rate:.1f} s each")
    if step.seconds_left:
        parts.append(f"{timedelta(seconds=round(step.seconds_left))} left")
    return f"{', '.join(parts)}: {step.message}"
