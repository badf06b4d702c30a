from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from centre_node.connection.errors import NoHubError
from centre_node.database import Table, open_database
from centre_node.jobs import worker
from centre_node.jobs.errors import JobCancelledError, JobConflictError
from centre_node.jobs.node import Node
from centre_node.jobs.service import Jobs
from centre_node.jobs.store import JobStore
from centre_node.jobs.worker import ProgressReport
from centre_node.mammography.datasets import data_folders
from node_api.jobs import JobProblem
from node_api.requests import AnyJobRequest, PullRequest
from node_api.results import PulledGenerator
from shared.progress import Progress
from tests.centre_node.jobs.reviews import a_review
from tests.schemas import schema_differences

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC).replace(tzinfo=None)
REQUEST = PullRequest(centre="centre-b", name="masses")
PULLED = PulledGenerator(
    manifest_digest="ab" * 32,
    centre="centre-b",
    name="masses",
    version=1,
    weights=("weights.safetensors",),
    whole=True,
)
PROBLEM = JobProblem(code="GS-3000", title="Failed", detail="It failed.", hint="None.")


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(open_database(tmp_path))


@pytest.fixture
def jobs(store: JobStore, tmp_path: Path) -> Jobs:
    return Jobs(store, tmp_path / "jobs", clock=lambda: NOW)


def test_queue_is_first_in_first_out(jobs: Jobs, store: JobStore) -> None:
    made = [jobs.submit(REQUEST, None)[0].id for _ in range(3)]

    claimed = [store.claim(now=NOW) for _ in range(4)]

    assert [job.id for job in claimed if job is not None] == made
    assert claimed[3] is None


def test_no_job_is_claimed_twice(jobs: Jobs, store: JobStore) -> None:
    made = {jobs.submit(REQUEST, None)[0].id for _ in range(20)}

    with ThreadPoolExecutor(8) as threads:
        claimed = list(threads.map(lambda _: store.claim(now=NOW), range(30)))

    ids = [job.id for job in claimed if job is not None]
    assert sorted(ids) == sorted(made)


def test_same_key_and_request_is_the_same_job(jobs: Jobs) -> None:
    first, new = jobs.submit(REQUEST, "key")
    again, new_again = jobs.submit(REQUEST, "key")

    assert (new, new_again) == (True, False)
    assert first == again
    assert len(jobs.all()) == 1


def test_same_key_sent_at_once_makes_one_job(jobs: Jobs) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: jobs.submit(REQUEST, "key"), range(16)))

    assert len({job.id for job, _ in made}) == 1
    assert [new for _, new in made].count(True) == 1


def test_same_key_for_another_request_is_refused(jobs: Jobs) -> None:
    jobs.submit(REQUEST, "key")

    with pytest.raises(JobConflictError, match="another request"):
        jobs.submit(REQUEST.model_copy(update={"version": 2}), "key")


def test_waiting_job_is_cancelled_at_once_and_only_once(jobs: Jobs, store: JobStore) -> None:
    job, _ = jobs.submit(REQUEST, None)

    assert jobs.cancel(job.id).state == "cancelled"
    assert store.claim(now=NOW) is None
    with pytest.raises(JobConflictError, match="is cancelled already"):
        jobs.cancel(job.id)


def test_running_job_is_asked_to_stop(jobs: Jobs, store: JobStore) -> None:
    job, _ = jobs.submit(REQUEST, None)
    store.claim(now=NOW)

    assert jobs.cancel(job.id).state == "running"
    assert store.cancel_requested(job.id)


@pytest.mark.parametrize("end", ["succeed", "fail", "retry", "requeue", "release", "review"])
def test_a_job_whose_cancel_was_accepted_ends_as_cancelled_whatever_comes(
    jobs: Jobs, store: JobStore, tmp_path: Path, end: str
) -> None:
    job, _ = jobs.submit(REQUEST, None)
    store.claim(now=NOW)
    assert store.cancel(job.id, now=NOW)
    assert store.to_be_stopped() == (job.id,)

    match end:
        case "succeed":
            store.succeed(job.id, PULLED, now=NOW)
        case "fail":
            store.fail(job.id, PROBLEM, now=NOW)
        case "retry":
            store.retry(job.id, PROBLEM, retry_at=NOW, now=NOW)
        case "requeue":
            store.requeue(job.id, now=NOW)
        case "release":
            store.release(now=NOW)
        case "review":
            store.await_review(job.id, a_review(tmp_path), now=NOW)

    ended = jobs.find(job.id)
    assert (ended.state, ended.result, ended.problem) == ("cancelled", None, None)
    assert ended.finished_at is not None
    assert store.to_be_stopped() == ()
    assert not store.has_due(now=NOW)


def test_ends_and_cancels_that_meet_leave_no_cancel_that_did_nothing(
    jobs: Jobs, store: JobStore
) -> None:
    for _ in range(20):
        job, _ = jobs.submit(REQUEST, None)
        store.claim(now=NOW)
        with ThreadPoolExecutor(2) as threads:
            accepted = threads.submit(store.cancel, job.id, now=NOW)
            threads.submit(store.succeed, job.id, PULLED, now=NOW).result()
        assert jobs.find(job.id).state == ("cancelled" if accepted.result() else "succeeded")


def test_what_a_cancel_came_too_late_for_is_told(jobs: Jobs, store: JobStore) -> None:
    job, _ = jobs.submit(REQUEST, None)
    store.claim(now=NOW)
    store.cancel(job.id, now=NOW)

    store.succeed(job.id, PULLED, now=NOW, if_cancelled=PROBLEM)

    assert (jobs.find(job.id).state, jobs.find(job.id).problem) == ("cancelled", PROBLEM)


def test_a_job_that_is_tried_again_waits_and_keeps_its_id(jobs: Jobs, store: JobStore) -> None:
    job, _ = jobs.submit(REQUEST, None)
    store.claim(now=NOW)
    later = NOW + timedelta(seconds=5)

    store.retry(job.id, PROBLEM, retry_at=later, now=NOW)

    waiting = jobs.find(job.id)
    assert (waiting.state, waiting.retries, waiting.problem) == ("queued", 1, PROBLEM)
    assert waiting.retry_at == later.replace(tzinfo=UTC)
    assert store.claim(now=NOW) is None
    assert not store.has_due(now=NOW)
    claimed = store.claim(now=later)
    assert claimed is not None
    store.succeed(job.id, PULLED, now=later)
    assert (jobs.find(job.id).state, jobs.find(job.id).problem) == ("succeeded", None)


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_a_key_names_its_job_after_a_failure_and_resuming_starts_that_again(
    jobs: Jobs, store: JobStore, end: str
) -> None:
    job, _ = jobs.submit(REQUEST, "key")
    store.claim(now=NOW)
    if end == "fail":
        store.fail(job.id, PROBLEM, now=NOW)
    else:
        store.cancel(job.id, now=NOW)
        store.requeue(job.id, now=NOW)

    again, is_new = jobs.submit(REQUEST, "key")
    assert (again.id, is_new, again.state) == (
        job.id,
        False,
        {"fail": "failed", "cancel": "cancelled"}[end],
    )
    resumed = jobs.resume(job.id)
    assert (resumed.state, resumed.problem, resumed.finished_at) == ("queued", None, None)
    assert not store.cancel_requested(job.id)
    with pytest.raises(JobConflictError, match="is queued; only a failed or cancelled one"):
        jobs.resume(job.id)


def test_a_refused_request_makes_no_job_and_leaves_its_key_free(
    store: JobStore, tmp_path: Path
) -> None:
    def refuse(_request: AnyJobRequest) -> None:
        raise NoHubError("no hub")

    jobs = Jobs(store, tmp_path, clock=lambda: NOW, check=refuse)
    with pytest.raises(NoHubError):
        jobs.submit(REQUEST, "key")

    assert jobs.all() == ()
    _, is_new = Jobs(store, tmp_path, clock=lambda: NOW).submit(REQUEST, "key")
    assert is_new
    assert not jobs.submit(REQUEST, "key")[1], "a key that is known is not checked again"


def test_what_has_ended_stays_as_it_is(jobs: Jobs, store: JobStore) -> None:
    job, _ = jobs.submit(REQUEST, None)
    store.claim(now=NOW)
    store.succeed(job.id, PULLED, now=NOW)
    ended = jobs.find(job.id)

    store.fail(job.id, PROBLEM, now=NOW)
    store.report(job.id, Progress(done=1, total=2, unit="epochs"))
    store.requeue(job.id, now=NOW)
    store.release(now=NOW)
    assert not store.cancel(job.id, now=NOW)

    assert jobs.find(job.id) == ended
    assert ended.result == PULLED


def test_every_change_raises_the_revision(jobs: Jobs, store: JobStore) -> None:
    job, _ = jobs.submit(REQUEST, None)
    revisions = [job.revision]
    store.claim(now=NOW)
    revisions.append(jobs.find(job.id).revision)
    store.report(job.id, Progress(done=1, total=2, unit="epochs"))
    revisions.append(jobs.find(job.id).revision)
    store.fail(job.id, PROBLEM, now=NOW)
    revisions.append(jobs.find(job.id).revision)

    assert revisions == [1, 2, 3, 4]


def test_orderly_stop_is_no_attempt_but_a_death_is_one(jobs: Jobs, store: JobStore) -> None:
    job, _ = jobs.submit(REQUEST, None)
    store.claim(now=NOW)
    store.release(now=NOW)
    assert (jobs.find(job.id).state, jobs.find(job.id).attempts) == ("queued", 0)

    store.claim(now=NOW)
    store.requeue(job.id, now=NOW)
    assert (jobs.find(job.id).state, jobs.find(job.id).attempts) == ("queued", 1)


def test_models_and_migrations_make_the_same_tables(tmp_path: Path) -> None:
    engine = open_database(tmp_path)
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
    assert schema_differences(engine, Table.metadata) == []


def test_a_warning_stays_with_all_that_is_reported_after_it(jobs: Jobs, store: JobStore) -> None:
    job, _ = jobs.submit(REQUEST, None)
    store.claim(now=NOW)
    report = ProgressReport(store, job)

    report(Progress(done=1, total=9, unit="epochs"))
    report(Progress(done=2, total=9, unit="epochs", warning="mode collapse"))
    told_at_once = jobs.find(job.id).progress
    ProgressReport(store, jobs.find(job.id))(Progress(done=9, total=9, unit="epochs"))

    assert told_at_once == Progress(done=2, total=9, unit="epochs", warning="mode collapse")
    assert jobs.find(job.id).progress == Progress(
        done=9, total=9, unit="epochs", warning="mode collapse"
    )


def test_a_job_that_goes_on_stands_where_it_stood_without_the_pace_of_then(
    jobs: Jobs, store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = jobs.submit(REQUEST, None)
    store.claim(now=NOW)
    store.report(job.id, Progress(done=3, total=9, unit="epochs", rate=2.0, seconds_left=3.0))
    store.release(now=NOW)
    claimed = store.claim(now=NOW)
    assert claimed is not None
    found: list[Progress | None] = []

    def look(*_: object) -> None:
        found.append(jobs.find(job.id).progress)
        raise JobCancelledError("seen")

    monkeypatch.setattr(worker, "handle", look)
    folders = data_folders(tmp_path, None)
    worker.run_job(claimed, Node(open_database(tmp_path), tmp_path, folders), store)

    assert found == [Progress(done=3, total=9, unit="epochs")]
