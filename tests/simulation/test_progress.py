import io
from datetime import UTC, datetime, timedelta

import httpx
from rich.console import Console

from node_api.jobs import Job
from node_api.requests import PullRequest
from shared.progress import Progress
from simulation.node_client import NodeClient
from simulation.progress import JobLines, bar_of, count_of, line_of, pace_of, shown
from simulation.steps import Step, idempotency_key

START = datetime(2024, 1, 1, tzinfo=UTC)
REQUEST = PullRequest(centre="centre-b", name="lesions")
STEP = Step("pull", "centre-a pulls lesions", NodeClient("centre-a", httpx.Client()), REQUEST)


def job(
    state: str = "running",
    *,
    done: int = 0,
    total: int = 0,
    rate: float | None = None,
    left: float | None = None,
) -> Job:
    return Job.model_validate(
        {
            "id": "1",
            "kind": "pull",
            "request": REQUEST,
            "state": state,
            "attempts": 1,
            "revision": 1,
            "created_at": START,
            "progress": Progress(
                done=done, total=total, unit="epochs", rate=rate, seconds_left=left
            ),
            "result": None,
            "problem": None,
            "artifacts": (),
            "started_at": START,
            "finished_at": START + timedelta(seconds=200) if state == "succeeded" else None,
        }
    )


def test_pace_tells_rate_and_time_left() -> None:
    assert pace_of(job(done=20, total=100, rate=2.0)) == "2.0/s, 40 s left"
    assert pace_of(job(done=20, total=30, rate=0.25)) == "4.0 s each, 40 s left"
    assert pace_of(job(done=20, total=100, rate=2.0, left=55.0)) == "2.0/s, 55 s left"
    assert pace_of(job(done=20, total=100)) == ""
    assert pace_of(job("queued", done=20, total=100, rate=2.0)) == ""
    assert pace_of(job("succeeded", done=100, total=100, rate=2.0)) == ""


def test_a_bar_has_no_length_until_the_total_is_known() -> None:
    assert bar_of(job()) == (0, None)
    assert bar_of(job(done=3, total=4)) == (3, 4)
    assert bar_of(job("succeeded")) == (1, 1)
    assert count_of(job(done=3, total=4)) == "3/4 epochs"


def test_lines_tell_start_way_and_end() -> None:
    half = job(done=2, total=4, rate=1.0)

    assert line_of("x", half, first=True) == "x: started"
    assert line_of("x", half, first=False) == "x: 2/4 epochs, 1.0/s, 2 s left"
    assert line_of("x", job("succeeded"), first=True) == "x: done in 3 min 20 s"


def test_a_job_that_waits_for_a_person_says_so_and_which_it_is() -> None:
    waiting = job("awaiting_review", done=2, total=2)

    expected = "x: waits until a person approves or rejects the job 1 at its node"
    assert line_of("x", waiting, first=True) == expected
    assert count_of(waiting) == "waits for a person's review"


def test_a_jobs_warning_stands_at_its_end() -> None:
    done = job("succeeded", done=4, total=4)
    assert done.progress is not None
    warned = done.model_copy(
        update={"progress": done.progress.model_copy(update={"warning": "mode collapse"})}
    )

    assert line_of("x", warned, first=False) == "x: done in 3 min 20 s; warning: mode collapse"


def test_a_bar_tells_a_warning_once() -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=100, highlight=False)
    done = job("succeeded", done=4, total=4)
    assert done.progress is not None
    warned = done.model_copy(
        update={"progress": done.progress.model_copy(update={"warning": "mode collapse"})}
    )

    with shown(console) as on_job:
        for _ in range(3):
            on_job(STEP, warned)

    assert text.getvalue().count("warning: mode collapse") == 1


def test_plain_lines_come_at_changes_and_every_ten_seconds() -> None:
    text, now = io.StringIO(), [0.0]
    lines = JobLines(Console(file=text), clock=lambda: now[0])

    for second, state in enumerate(["queued", "running", *["running"] * 20, "succeeded"]):
        now[0] = float(second)
        lines(STEP, job(state, done=second, total=30))

    assert text.getvalue().splitlines() == [
        "centre-a pulls lesions: started",
        "centre-a pulls lesions: 11/30 epochs",
        "centre-a pulls lesions: 21/30 epochs",
        "centre-a pulls lesions: done in 3 min 20 s",
    ]


def test_a_job_that_goes_on_is_told_as_such_and_no_line_twice() -> None:
    text, now = io.StringIO(), [0.0]
    lines = JobLines(Console(file=text), clock=lambda: now[0])
    again = {"started_at": START + timedelta(seconds=180)}
    stands = job(done=11, total=30)
    ended = job("succeeded", done=30, total=30)

    lines(STEP, stands.model_copy(update={"state": "queued"}))
    for second in (0.0, 10.0, 20.0):
        now[0] = second
        lines(STEP, stands.model_copy(update=again))
    lines(STEP, ended.model_copy(update=again))

    assert text.getvalue().splitlines() == [
        "centre-a pulls lesions: goes on",
        "centre-a pulls lesions: 11/30 epochs",
        "centre-a pulls lesions: done 20 s after it went on",
    ]


def test_what_an_earlier_start_finished_is_not_told_as_done_now() -> None:
    text = io.StringIO()

    JobLines(Console(file=text))(STEP, job("succeeded", done=4, total=4))

    assert text.getvalue() == "centre-a pulls lesions: done before\n"


def test_a_key_is_the_same_in_every_start_and_changes_with_what_it_stands_for() -> None:
    key = idempotency_key("d", "pull", REQUEST, attempt=1)
    other = PullRequest(centre="centre-c", name="lesions")

    assert key == idempotency_key("d", "pull", REQUEST, attempt=1)
    assert (
        len(
            {
                key,
                idempotency_key("e", "pull", REQUEST, attempt=1),
                idempotency_key("d", "push", REQUEST, attempt=1),
                idempotency_key("d", "pull", other, attempt=1),
                idempotency_key("d", "pull", REQUEST, attempt=2),
            }
        )
        == 5
    )
