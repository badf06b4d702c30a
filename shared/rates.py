"""How often each of many callers may do something; the memory for it is bounded."""

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable

SECONDS = 60.0
MOST_CALLERS = 10_000
IPV6_NETWORK_BITS = 64  # what one subscriber has


class Rates:
    """A number of times a minute for each caller, all of them at once if need be.

    Who has not called for longest is forgotten when there are too many.
    """

    def __init__(
        self, per_minute: int, *, clock: Callable[[], float], most_callers: int = MOST_CALLERS
    ) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._most_callers = most_callers
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str) -> float:
        """Count once more; return 0, or how many seconds it is until it is allowed again."""
        with self._lock:
            left, now = self._now_left(caller)
            self._keep(caller, left - 1 if left >= 1 else left, now)
            return 0.0 if left >= 1 else (1 - left) * SECONDS / self._per_minute

    def give_back(self, caller: str) -> None:
        """Count once less."""
        with self._lock:
            left, now = self._now_left(caller)
            self._keep(caller, min(left + 1, self._per_minute), now)

    def _now_left(self, caller: str) -> tuple[float, float]:
        now = self._clock()
        left, since = self._left.get(caller, (float(self._per_minute), now))
        return min(self._per_minute, left + (now - since) * self._per_minute / SECONDS), now

    def _keep(self, caller: str, left: float, now: float) -> None:
        self._left[caller] = (left, now)
        self._left.move_to_end(caller)
        if len(self._left) > self._most_callers:
            self._left.popitem(last=False)


class Guesses:
    """How many wrong tokens a minute are looked at, of an address and in all."""

    def __init__(self, per_address: int, in_all: int, *, clock: Callable[[], float]) -> None:
        self._per_address = Rates(per_address, clock=clock)
        self._in_all = Rates(in_all, clock=clock)

    def take(self, address: str) -> float:
        """Count a guess; return 0, or how many seconds it is until one is looked at again."""
        network = network_of(address)
        wait = self._per_address.take(network)
        if wait:
            return wait
        wait = self._in_all.take("")
        if wait:
            self._per_address.give_back(network)
        return wait

    def was_right(self, address: str) -> None:
        """Take a guess back, for it was none."""
        self._per_address.give_back(network_of(address))
        self._in_all.give_back("")


def network_of(address: str) -> str:
    """Return what all the addresses of one IPv6 subscriber have in common."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((int(parsed), IPV6_NETWORK_BITS), strict=False))
