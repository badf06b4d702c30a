"""Keeps a flood of requests from flooding the log."""

import logging
import time
from collections.abc import Callable

WINDOW_SECONDS = 60.0
TRACEBACK_LINES = 50  # about what one has

log = logging.getLogger(__name__)


class LogLimit(logging.Filter):
    """Lets so many lines a minute pass and counts the rest; warnings have as many of their own.

    Two budgets, so that a flood of ordinary requests cannot hide what went wrong.
    """

    def __init__(
        self, lines_per_minute: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._lines_per_minute = lines_per_minute
        self._clock = clock
        self._began = clock()
        self._written = {True: 0, False: 0}
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line may be written."""
        if record.name == __name__:
            return True
        self.tell()
        grave = record.levelno >= logging.WARNING
        if self._written[grave] >= self._lines_per_minute:
            self._left_out += 1
            return False
        self._written[grave] += TRACEBACK_LINES if record.exc_info else 1
        return True

    def tell(self) -> None:
        """Begin a new minute when it is time, and say how many lines the last one left out."""
        if self._clock() - self._began < WINDOW_SECONDS:
            return
        self._began = self._clock()
        self._written = {True: 0, False: 0}
        left_out, self._left_out = self._left_out, 0
        if left_out:
            log.warning("%d lines of the last minute were left out of this log", left_out)
