import io

import pytest
from rich.console import Console

from shared.progress import PlainLines, Progress, line_of, pace, shown


def at(done: int, total: int, unit: str = "epochs", message: str = "", **pace: float) -> Progress:
    return Progress(done=done, total=total, unit=unit, message=message, **pace)


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (at(3, 21, "images", "cutting patches"), "3/21 images: cutting patches"),
        (
            at(120, 200, "epochs", "losses 0.7", rate=2.5, seconds_left=32.0),
            "120/200 epochs, 2.5/s, 32 s left: losses 0.7",
        ),
        (at(200, 200, "epochs", "x", rate=0.25), "200/200 epochs, 4.0 s each: x"),
        (at(3, 4), "3/4 epochs"),
    ],
)
def test_a_step_is_a_line_with_rate_and_time_left(step: Progress, line: str) -> None:
    assert line_of(step) == line


def test_lines_come_every_ten_seconds_and_at_the_end() -> None:
    text = io.StringIO()
    now = 0.0
    lines = PlainLines(Console(file=text), clock=lambda: now)

    for epoch in range(1, 41):
        lines(at(epoch, 40))
        now += 1.0

    told = [int(line.partition("/")[0]) for line in text.getvalue().splitlines()]
    assert told == [11, 21, 31, 40]


def test_no_line_comes_twice() -> None:
    text, now = io.StringIO(), 0.0
    lines = PlainLines(Console(file=text), clock=lambda: now)

    now = 10.0
    for progress in (at(4, 4), at(4, 4), at(4, 4, message="measuring")):
        lines(progress)
    now = 30.0
    lines(at(4, 4, message="measuring"))

    assert text.getvalue().splitlines() == ["4/4 epochs", "4/4 epochs: measuring"]


def test_short_work_says_nothing() -> None:
    text = io.StringIO()
    lines = PlainLines(Console(file=text), clock=lambda: 0.0)

    for progress in (at(0, 2), at(2, 2), at(0, 9, "runs")):
        lines(progress)

    assert text.getvalue() == ""


def test_a_warning_is_never_left_out() -> None:
    text = io.StringIO()
    lines = PlainLines(Console(file=text), clock=lambda: 0.0)

    lines(at(1, 9))
    lines(Progress(done=2, total=9, unit="epochs", warning="mode collapse"))

    assert text.getvalue() == "warning: mode collapse\n"


def test_pace_tells_rate_and_time_left() -> None:
    assert pace(2.0, 40.0) == "2.0/s, 40 s left"
    assert pace(0.25, 0.0) == "4.0 s each"
    assert pace(None, 7500.0) == "2 h 5 min left"
    assert pace(None, None) == ""


def test_a_terminal_gets_a_bar_that_is_gone_at_the_end() -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=100, highlight=False)

    with shown(console) as on_progress:
        on_progress(Progress(done=1, total=3, unit="epochs", warning="[mode collapse]"))
        on_progress(at(2, 3, message="[losses]", rate=1.0))

    assert "2/3 epochs, 1.0/s: [losses]" in text.getvalue()
    assert "warning: [mode collapse]" in text.getvalue()
