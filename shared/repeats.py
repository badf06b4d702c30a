"""Which failures of a call are passing, and when it is made again.

A library such as stamina would not know of `Retry-After`, of a call's budget, or of a service
that is known to have ended; what is left then is this.
"""

import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import httpx

from shared.budgets import Budget, TooSlowError

TOO_MANY, BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT = 429, 502, 503, 504
PASSING = frozenset({TOO_MANY, BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT})
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
BROKEN_OFF = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)


class Answer(NamedTuple):
    """An answer that was read whole."""

    status: int
    body: bytes
    retry_after: str | None = None


@dataclass(frozen=True)
class Patience:
    """How often a call is made again, and after which pauses.

    Attributes:
        pauses: Seconds before each further attempt; of each, half to all of it is waited, so that
            many who were turned away do not come back at once.
        longest_asked: Seconds that a service may ask for with `Retry-After`; it is not waited
            longer.
    """

    pauses: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0)
    longest_asked: float = 15.0
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


class Attempts:
    """The attempts of one call.

    Args:
        budget: Of the whole call; without time for a pause there is no further attempt.
        check: Called before a further attempt; may raise what it knows of the service's end.
    """

    def __init__(
        self,
        patience: Patience,
        budget: Budget | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._patience, self._budget, self._check = patience, budget, check
        self._made = 0

    def again(self, asked: str | None = None) -> bool:
        """Wait before the next attempt; tell whether there is one.

        Args:
            asked: What the service said in `Retry-After`.
        """
        self._check()
        if self._made >= len(self._patience.pauses):
            return False
        pause = self._patience.pauses[self._made] * (1 + self._patience.chance()) / 2
        if asked is not None and asked.isascii() and asked.isdigit():
            pause = max(pause, float(min(int(asked[:9]), self._patience.longest_asked)))
        if self._budget is not None and self._budget.left() <= pause:
            return False
        self._made += 1
        self._patience.sleep(pause)
        return True

    def start_over(self) -> None:
        """Forget the failures so far: something moved since."""
        self._made = 0


def repeated(ask: Callable[[], Answer], attempts: Attempts, *, harmless: bool = True) -> Answer:
    """Make a call, again where it failed for a passing reason.

    Args:
        harmless: Whether nothing happens twice when it is made twice; if not, it is made again only
            where no connection came about.

    Raises:
        httpx.RequestError: There was no answer.
    """
    while True:
        try:
            answer = ask()
        except httpx.RequestError as error:
            if not (is_passing(error, harmless=harmless) and attempts.again()):
                raise
        else:
            may_repeat = harmless and answer.status in PASSING
            if not (may_repeat and attempts.again(answer.retry_after)):
                return answer


def is_passing(error: httpx.RequestError, *, harmless: bool = True) -> bool:
    """Tell whether another attempt could end otherwise, and does no harm."""
    if isinstance(error, TooSlowError) or _is_of_a_certificate(error):
        return False
    return isinstance(error, BROKEN_OFF if harmless else NOT_SENT)


def _is_of_a_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
