"""Stopping a command in good order, and the one sentence that each says then."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

INTERRUPTED, TERMINATED = 130, 143
SENTENCE = (
    "interrupted; start the same command again: it goes on from what is finished, if anything is"
)


@contextmanager
def interruptible() -> Iterator[None]:
    """Treat a request to terminate like Ctrl-C, for work that the same command goes on with.

    Raises:
        KeyboardInterrupt: It was interrupted.
        SystemExit: It was asked to terminate; with the exit code that says so.
    """
    asked: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        asked.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        if asked:
            sys.exit(TERMINATED)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
