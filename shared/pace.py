"""Tells how fast a piece of work is, and how much time is left, by what was measured of it."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.progress import OnProgress, Progress

UNLIKE = frozenset({"parts", "steps", "versions", "generators"})
"""Units that are nothing alike: of how long one took, nothing follows for the next."""


class Paced:
    """Adds rate and time left to each step that has none, stage by stage.

    A stage is what has one unit and one total. What was done before it began here, such as in an
    earlier attempt, tells nothing of its pace; until something is done, nothing is said.

    Args:
        clock: Returns seconds.
    """

    def __init__(
        self, on_progress: "OnProgress", *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._on_progress = on_progress
        self._clock = clock
        self._stage = ("", -1)
        self._first = self._done = 0
        self._began = self._moved = 0.0

    def __call__(self, progress: "Progress") -> None:
        """Tell a step on, with its pace."""
        self._follow(progress, self._clock())
        self._on_progress(progress if _knows_its_pace(progress) else self._paced(progress))

    def _follow(self, progress: "Progress", now: float) -> None:
        stage = (progress.unit, progress.total)
        if stage != self._stage or progress.done < self._done:
            self._stage, self._first, self._began = stage, progress.done, now
            self._done, self._moved = progress.done, now
        elif progress.done > self._done:
            self._done, self._moved = progress.done, now

    def _paced(self, progress: "Progress") -> "Progress":
        made, seconds = self._done - self._first, self._moved - self._began
        if not made or seconds <= 0 or progress.unit in UNLIKE:
            return progress
        each = seconds / made
        if not progress.total:
            return progress.model_copy(update={"rate": 1 / each})
        waited = self._clock() - self._moved
        left = max(0.0, (progress.total - progress.done) * each - waited)
        return progress.model_copy(update={"rate": 1 / each, "seconds_left": left})


def _knows_its_pace(progress: "Progress") -> bool:
    return progress.rate is not None or progress.seconds_left is not None
