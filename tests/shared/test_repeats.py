from collections.abc import Callable

import httpx
import pytest

from shared.budgets import Budget, TooSlowError
from shared.repeats import Answer, Attempts, Patience, repeated

FINE = Answer(200, b"")


class Service:
    """Answers, or fails, in a given order."""

    def __init__(self, *outcomes: Answer | Exception) -> None:
        self.outcomes = list(outcomes)
        self.pauses: list[float] = []

    def ask(self) -> Answer:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def attempts(self, *pauses: float, chance: float = 1.0, **options: object) -> Attempts:
        patience = Patience(pauses, sleep=self.pauses.append, chance=lambda: chance)
        return Attempts(patience, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_passing_status_is_asked_again_until_patience_ends(status: int) -> None:
    busy = Answer(status, b"")
    service = Service(busy, busy, FINE)
    assert repeated(service.ask, service.attempts(1.0, 2.0)) == FINE
    assert service.pauses == [1.0, 2.0]

    service = Service(busy, busy)
    assert repeated(service.ask, service.attempts(1.0)) == busy


@pytest.mark.parametrize("status", [200, 304, 400, 401, 404, 409, 413, 500, 507])
def test_every_other_status_is_an_answer(status: int) -> None:
    service = Service(Answer(status, b""))

    assert repeated(service.ask, service.attempts(1.0)).status == status
    assert service.pauses == []


@pytest.mark.parametrize(
    ("error", "harmless", "again"),
    [
        (httpx.ConnectError("refused"), True, True),
        (httpx.ConnectError("refused"), False, True),
        (httpx.ConnectTimeout("silent"), False, True),
        (httpx.ReadTimeout("silent"), True, True),
        (httpx.ReadTimeout("silent"), False, False),
        (httpx.RemoteProtocolError("ended"), True, True),
        (httpx.RemoteProtocolError("ended"), False, False),
        (httpx.WriteError("ended"), False, False),
        (httpx.UnsupportedProtocol("ftp"), True, False),
        (httpx.ProxyError("407"), True, False),
        (TooSlowError("60 s"), True, False),
    ],
)
def test_only_what_does_no_harm_and_may_end_otherwise_is_tried_again(
    error: Exception, harmless: bool, again: bool
) -> None:
    service = Service(error, FINE)

    if again:
        assert repeated(service.ask, service.attempts(1.0), harmless=harmless) == FINE
    else:
        with pytest.raises(type(error)):
            repeated(service.ask, service.attempts(1.0), harmless=harmless)


def test_what_may_do_harm_is_not_repeated_for_a_status() -> None:
    service = Service(Answer(503, b""))

    assert repeated(service.ask, service.attempts(1.0), harmless=False).status == 503


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 1.0), (0.5, 1.5), (1.0, 2.0)])
def test_a_pause_is_half_to_all_of_the_given_one(chance: float, pause: float) -> None:
    service = Service()
    assert service.attempts(2.0, chance=chance).again()
    assert service.pauses == [pause]


@pytest.mark.parametrize(
    ("asked", "pause"),
    [("3", 3.0), ("1", 2.0), ("9" * 5000, 15.0), ("-1", 2.0), ("soon", 2.0), ("٣", 2.0)],
)
def test_a_service_may_ask_for_a_longer_pause_up_to_a_limit(asked: str, pause: float) -> None:
    service = Service()
    assert service.attempts(2.0).again(asked)
    assert service.pauses == [pause]


def test_no_attempt_begins_that_the_budget_has_no_time_for() -> None:
    service = Service()
    attempts = service.attempts(1.0, 5.0, budget=Budget(3.0, clock=lambda: 0.0))

    assert (attempts.again(), attempts.again()) == (True, False)


def test_what_is_known_of_the_services_end_is_told_instead() -> None:
    def ended() -> None:
        raise RuntimeError("the service ended")

    check: Callable[[], None] = ended
    service = Service(httpx.ConnectError("refused"))
    with pytest.raises(RuntimeError, match="the service ended"):
        repeated(service.ask, service.attempts(1.0, check=check))
