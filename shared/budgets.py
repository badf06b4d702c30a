"""How long an exchange with another side may take, and how much may come."""

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

import httpx

HEADER_BYTES = 256 << 10  # interim answers included
BYTES_PER_BODY_BYTE = 2  # on the wire, where a body comes in chunks
READ_BYTES = 1 << 20


class TooSlowError(httpx.TransportError):
    """The other side took longer than it may."""


class UnreadableAnswerError(httpx.TransportError):
    """The other side sends more than it may, or in an encoding that was not asked for."""


class Budget:
    """How long an exchange may take, however it is spread over answers and attempts.

    Args:
        seconds: Of the whole exchange; or, with `per_bytes`, until so many have moved, again and
            again: something large may take long, as long as it moves.
    """

    def __init__(
        self,
        seconds: float,
        *,
        per_bytes: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._per_bytes, self._clock = seconds, per_bytes, clock
        self._until, self._moved = clock() + seconds, 0

    def left(self) -> float:
        """Return how many seconds are left.

        Raises:
            TooSlowError: None.
        """
        left = self._until - self._clock()
        if left > 0:
            return left
        if self._per_bytes is None:
            raise TooSlowError(f"the whole of it took longer than {self._seconds:g} s")
        raise TooSlowError(f"fewer than {self._per_bytes} bytes moved in {self._seconds:g} s")

    def moved(self, count: int) -> None:
        """Note that so many bytes of content were sent or received."""
        self._moved += count
        if self._per_bytes is not None and self._moved >= self._per_bytes:
            self._until, self._moved = self._clock() + self._seconds, 0


@dataclass
class Exchange:
    """What the connection may still do for the request in progress."""

    budget: Budget
    room_bytes: int = HEADER_BYTES
    read_bytes: int = 0

    def answered(self, most_bytes: int) -> None:
        """Make room for a body, whose head is there."""
        self.room_bytes += BYTES_PER_BODY_BYTE * most_bytes
        self.read_bytes = READ_BYTES

    def received(self, count: int) -> None:
        """Count bytes that came over the wire.

        Raises:
            UnreadableAnswerError: They are more than any answer has.
        """
        self.room_bytes -= count
        if self.room_bytes < 0:
            raise UnreadableAnswerError("the answer has more headers or pieces than any has")


current: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
"""The exchange of this thread, which its connections keep to."""
