import io

import pytest
from rich.console import Console

from centre_node.sharing.training import TrainingStep
from centre_node.sharing.training_progress import PlainLines, line_of, shown


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (TrainingStep(3, 21, "images", "cutting patches"), "3/21 images: cutting patches"),
        (
            TrainingStep(120, 200, "epochs", "losses 0.7", rate=2.5, seconds_left=32.0),
            "120/200 epochs, 2.5/s, 0:00:32 left: losses 0.7",
        ),
        (TrainingStep(200, 200, "epochs", "x", rate=0.25), "200/200 epochs, 4.0 s each: x"),
    ],
)
def test_a_step_is_a_line_with_rate_and_time_left(step: TrainingStep, line: str) -> None:
    assert line_of(step) == line


def test_lines_come_at_the_start_the_end_and_every_ten_seconds() -> None:
    text = io.StringIO()
    now = 0.0
    lines = PlainLines(Console(file=text), clock=lambda: now)

    for epoch in range(1, 41):
        lines(TrainingStep(epoch, 40, "epochs", "x"))
        now += 1.0

    told = [int(line.partition("/")[0]) for line in text.getvalue().splitlines()]
    assert told == [1, 11, 21, 31, 39, 40]


def test_a_terminal_gets_a_bar_that_is_gone_at_the_end() -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=100)

    with shown(console) as on_step:
        on_step(TrainingStep(1, 2, "epochs", "[losses]", rate=1.0))

    assert "1/2 epochs, 1.0/s: [losses]" in text.getvalue()
