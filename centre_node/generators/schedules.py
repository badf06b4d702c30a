"""Numbers that change from epoch to epoch."""

import math


def cosine(start: float, end: float | None, *, epoch: int, epochs: int) -> float:
    """Return an epoch's number, on half a cosine from `start` in the first to `end` in the last.

    Args:
        end: None keeps `start`.
        epoch: Counted from 0 to `epochs` - 1.
    """
    if end is None or epochs == 1:
        return start
    return end + (start - end) * (1 + math.cos(math.pi * epoch / (epochs - 1))) / 2
