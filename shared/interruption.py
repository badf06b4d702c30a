"""Stopping a command in good order, and the one sentence that each says then."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

INTERRUPTED, TERMINATED = 130, 143
SENTENCE = "interrupted; start the same command again and it goes on from what is finished"


@contextmanager
def interruptible() -> Iterator[None]:
    """Treat a request to terminate like Ctrl-C, for work that the same command goes on with.

    Raises:
        KeyboardInterrupt: It was interrupted.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
