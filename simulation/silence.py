"""Says that a service does not answer, while it is still waited for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared.durations import duration

SILENT_SECONDS = 5.0

Say = Callable[[str], None]


@contextmanager
def told_when_silent(
    who: str, say: Say, *, longest_seconds: float, after_seconds: float = SILENT_SECONDS
) -> Iterator[None]:
    """Say, once, that a call has had no answer for some seconds, and how long it is waited for.

    Args:
        say: Is called in another thread.
        longest_seconds: After so long the call ends in any case.
    """
    left = max(0.0, longest_seconds - after_seconds)
    sentence = (
        f"{who} has not answered for {duration(after_seconds)}; waiting for at most "
        f"{duration(left)} more"
    )
    timer = threading.Timer(after_seconds, say, args=[sentence])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
