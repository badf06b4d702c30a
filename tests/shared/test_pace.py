"""Rate and time left, by a clock that the tests turn."""

from collections.abc import Callable

import pytest

from shared.pace import Paced
from shared.progress import Progress


class Told:
    """What was told, and the clock that it was told by."""

    def __init__(self) -> None:
        self.now = 0.0
        self.steps: list[Progress] = []
        self.paced = Paced(self.steps.append, clock=lambda: self.now)

    def at(self, now: float, done: int, total: int = 10, unit: str = "images") -> Progress:
        self.now = now
        self.paced(Progress(done=done, total=total, unit=unit))
        return self.steps[-1]


@pytest.fixture
def told() -> Told:
    return Told()


def pace(step: Progress) -> tuple[float | None, float | None]:
    return step.rate, step.seconds_left


def test_the_pace_is_the_mean_since_the_stage_began(told: Told) -> None:
    told.at(0, 0)
    told.at(10, 1)

    assert pace(told.at(16, 4)) == (0.25, 24.0)


def test_nothing_is_said_until_something_was_done_here(told: Told) -> None:
    assert pace(told.at(0, 7)) == (None, None)
    assert pace(told.at(60, 7)) == (None, None)
    assert told.at(61, 8).rate == pytest.approx(1 / 61)
    assert told.steps[-1].seconds_left == pytest.approx(122)


def test_between_two_steps_the_time_left_goes_down_and_never_below_nothing(told: Told) -> None:
    told.at(0, 0)
    told.at(10, 1)

    assert told.at(30, 1).seconds_left == 70.0
    assert told.at(500, 1).seconds_left == 0.0


@pytest.mark.parametrize(
    "next_stage",
    [
        lambda told: told.at(20, 0, unit="epochs"),
        lambda told: told.at(20, 2, total=99),
        lambda told: told.at(20, 1),
    ],
)
def test_each_stage_begins_anew(told: Told, next_stage: Callable[[Told], Progress]) -> None:
    told.at(0, 0)
    told.at(10, 5)

    assert pace(next_stage(told)) == (None, None)


def test_of_units_that_are_nothing_alike_nothing_is_said(told: Told) -> None:
    told.at(0, 0, unit="parts")

    assert pace(told.at(9, 5, unit="parts")) == (None, None)


def test_who_knows_the_pace_better_is_not_corrected(told: Told) -> None:
    told.at(0, 0)
    told.now = 5.0
    told.paced(Progress(done=5, total=10, unit="images", rate=7.0, seconds_left=3.0))

    assert pace(told.steps[-1]) == (7.0, 3.0)
