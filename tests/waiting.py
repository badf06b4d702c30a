"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


SHORTEST_PAUSE, LONGEST_PAUSE, LONGER = 0.02, 0.1, 1.1


def wait_for(read: Callable[[], Value | None], seconds: float = 60) -> Value:
    """Return what `read` gives as soon as it is true, such as a state that has been reached.

    What takes long is asked for less often: to ask a service takes both processors some time.
    """
    end, pause = time.monotonic() + seconds, SHORTEST_PAUSE
    while time.monotonic() < end:
        value = read()
        if value:
            return value
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, LONGER * pause)
    raise TimeoutError(f"nothing came within {seconds} s")
