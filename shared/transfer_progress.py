"""Tells how much of a package has been sent or fetched."""

import time
from collections.abc import Callable

from shared.budgets import Budget
from shared.progress import OnProgress, Progress

EVERY_SECONDS = 0.5
MB = 1_000_000


def say_nothing(_progress: Progress) -> None:
    """Tell nobody."""


class Transfer:
    """Counts the bytes of a package that move, for people and for the budget of the transfer."""

    def __init__(
        self,
        total_bytes: int,
        budget: Budget,
        on_progress: OnProgress,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.budget = budget
        self._total, self._on_progress, self._clock = total_bytes, on_progress, clock
        self.there_bytes = self._moved = 0
        self._began = self._told = clock()

    def there_already(self, count: int) -> None:
        """Count bytes that need not move; to look at them takes its time too."""
        self.there_bytes += count
        self.budget.moved(count)

    def moved(self, name: str, count: int) -> None:
        """Count bytes of a file that were sent or received; tell it now and then and at the end."""
        self.there_bytes += count
        self._moved += count
        self.budget.moved(count)
        now, is_end = self._clock(), self.there_bytes >= self._total
        if is_end or now - self._told >= EVERY_SECONDS:
            self._told = now
            self._tell(name, now - self._began)

    def go_back_to(self, there_bytes: int) -> None:
        """Count no longer what has to move again."""
        self.there_bytes = there_bytes

    def _tell(self, name: str, seconds: float) -> None:
        rate = self._moved / seconds if seconds > 0 else 0.0
        self._on_progress(
            Progress(
                done=-(-self.there_bytes // MB),
                total=-(-self._total // MB),
                unit="MB",
                message=name,
                rate=rate / MB or None,
                seconds_left=(self._total - self.there_bytes) / rate if rate else None,
            )
        )
