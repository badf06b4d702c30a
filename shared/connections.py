"""The open connections of a service: how many there are, and which break a limit."""

import logging
import resource
import time
from collections import Counter
from enum import Enum, auto
from typing import Protocol

from shared.serving_settings import ServingSettings

OTHER_DESCRIPTORS = 100  # the database, libraries, what is being accepted
DESCRIPTORS_EACH = 2  # a socket, and the file that it sends or receives
SETTLED_SECONDS = 1.0  # before that, a rate says little
TELL_SECONDS = 10.0

log = logging.getLogger(__name__)


class Phase(Enum):
    """What a connection does."""

    WAITING = auto()  # for a request, or for the rest of its head
    RECEIVING = auto()  # a body, as fast as the caller sends it
    SENDING = auto()  # an answer, as fast as the caller takes it
    WORKING = auto()  # nothing that depends on the caller


class Connection(Protocol):
    """What the limits need to know of a connection."""

    since: float

    @property
    def rate(self) -> float:
        """How many bytes a second it has moved of late, as the last sweep found."""

    @property
    def phase(self) -> Phase:
        """What it does now."""

    def overdue(self, now: float) -> str | None:
        """Return the limit that it breaks, if any."""

    def cut(self) -> None:
        """End it at once."""


class Connections:
    """Admits connections and ends those that break a limit.

    A full house does not turn a newcomer away while somebody in it does little: who has waited
    longest for a request goes first, then who sends or takes bytes most slowly. So idle and slow
    connections, as many as there may be, keep no one out.
    """

    def __init__(self, limits: ServingSettings) -> None:
        self.limits = limits
        self.most = min(limits.max_connections, _affordable())
        self._open: set[Connection] = set()
        self._ended: Counter[str] = Counter()
        self._told = time.monotonic()

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: Connection) -> bool:
        """Take a connection in, if there is or can be made room for it."""
        if len(self._open) >= self.most:
            idlest = self._idlest(time.monotonic())
            if idlest is None:
                self._ended["refused, for all others are busy"] += 1
                return False
            self.end(idlest, "made room for another")
        self._open.add(connection)
        return True

    def end(self, connection: Connection, reason: str) -> None:
        """Cut a connection."""
        self._ended[reason] += 1
        self.forget(connection)
        connection.cut()

    def forget(self, connection: Connection) -> None:
        """Note that a connection has ended."""
        self._open.discard(connection)

    def sweep(self) -> None:
        """End every connection that breaks a limit, and sometimes say how many did."""
        now = time.monotonic()
        for connection in tuple(self._open):
            reason = connection.overdue(now)
            if reason is not None:
                self.end(connection, reason)
        if self._ended and now - self._told >= TELL_SECONDS:
            reasons = "; ".join(f"{count} {reason}" for reason, count in self._ended.items())
            log.warning("connections ended: %s", reasons)
            self._ended.clear()
            self._told = now

    def _idlest(self, now: float) -> Connection | None:
        free = [one for one in self._open if one.phase is not Phase.WORKING]
        return min(free, key=lambda one: _worth(one, now), default=None)


def _worth(connection: Connection, now: float) -> tuple[bool, bool, float, float]:
    """Return what is less the sooner a connection has to make room."""
    age = now - connection.since
    asks = connection.phase is not Phase.WAITING
    return asks, asks and age < SETTLED_SECONDS, connection.rate if asks else 0.0, -age


def _affordable() -> int:
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return 1_000_000
    return max(2, (descriptors - OTHER_DESCRIPTORS) // DESCRIPTORS_EACH)
