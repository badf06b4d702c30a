"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_for(read: Callable[[], Value | None], seconds: float = 60) -> Value:
    """Return what `read` gives as soon as it is true, such as a state that has been reached."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = read()
        if value:
            return value
        time.sleep(0.02)
    raise TimeoutError(f"nothing came within {seconds} s")
