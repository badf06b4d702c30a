from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from centre_node.database import open_database
from centre_node.jobs import worker
from centre_node.jobs.errors import JobCancelledError, JobConflictError
from centre_node.jobs.node import Node
from centre_node.jobs.service import Jobs
from centre_node.jobs.store import JobStore
from centre_node.jobs.worker import ProgressReport
from centre_node.mammography.datasets import data_folders
from node_api.jobs import JobProblem
from node_api.requests import PullRequest
from node_api.results import PulledGenerator
from shared.progress import Progress

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
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from centre_node.database import Table

    with open_database(tmp_path).connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Table.metadata) == []


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
