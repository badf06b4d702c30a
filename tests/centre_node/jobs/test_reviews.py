"""A publish that waits for a person: what is shown is what is sent, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from centre_node.jobs.errors import (
    CollapseSuspectedError,
    HubChangedError,
    JobConflictError,
    ReviewChangedError,
)
from centre_node.jobs.node import Node
from centre_node.jobs.service import Jobs
from centre_node.jobs.store import JobStore
from centre_node.jobs.worker import run_job
from centre_node.ledger.store import LEDGER, LedgerStore
from node_api.connection import ConnectedHub
from node_api.jobs import Job
from node_api.release import POLICY_FILE
from node_api.requests import PublishRequest
from node_api.review import Approval, Rejection
from shared.packages import sha256_of
from tests.centre_node.jobs.reviews import TRAINED_JOB, a_review
from tests.hub_server import RunningHub

NOW = datetime(2026, 1, 3, tzinfo=UTC).replace(tzinfo=None)
TERMS = {"title": "Masses", "licence": "CC0 1.0", "use_terms": "Tests", "contact": "tests"}


class Desk:
    """A node whose publishes wait for a person, its jobs done at once by the worker's own code."""

    def __init__(self, node: Node, hub: RunningHub) -> None:
        self.node = replace(node, review="person")
        self.store = JobStore(node.engine)
        here = ConnectedHub(centre="centre-b", url=hub.url)
        folder = node.data_dir / "jobs"
        self.ledger = LedgerStore(node.data_dir / LEDGER)
        self.jobs = Jobs(
            self.store,
            folder,
            clock=lambda: NOW,
            check=lambda _request: here,
            on_unsent=self.ledger.turned_away,
        )
        self.hub = hub.client()

    def publish(self, name: str) -> Job:
        request = PublishRequest(training_job=TRAINED_JOB, name=name, **TERMS)
        job, _ = self.jobs.submit(request, None)
        return self.work(job)

    def work(self, job: Job) -> Job:
        claimed = self.store.claim(now=NOW)
        assert claimed is not None
        assert claimed.id == job.id
        run_job(claimed, self.node, self.store)
        return self.jobs.find(job.id)

    def published(self, name: str) -> list[str]:
        versions = self.hub.generators("centre-b")
        return [version.manifest_digest for version in versions if version.name == name]


@pytest.fixture
def desk(trained_node: Node, own_hub: RunningHub) -> Desk:
    return Desk(trained_node, own_hub)


def approval(job: Job, **changed: Any) -> Approval:
    assert job.review is not None
    return Approval(**{"by": "The officer", "digest": job.review.digest, **changed})


def test_a_publish_waits_and_says_exactly_what_it_would_send(desk: Desk) -> None:
    job = desk.publish("shown")

    review = job.review
    assert review is not None
    assert (job.state, review.answer) == ("awaiting_review", None)
    assert review.hub == job.hub
    assert (review.verdict, review.card.title) == ("not required", "Masses")
    files = {file.name: file for file in review.files}
    folder = desk.node.job_folder(job.id) / "package"
    for path in folder.iterdir():
        assert (files[path.name].sha256, files[path.name].size_bytes) == (
            sha256_of(path),
            path.stat().st_size,
        )
    assert files.keys() == {path.name for path in folder.iterdir()} | {"audit-statement.json"}
    assert review.page in job.artifacts
    assert desk.published("shown") == []


def test_what_is_approved_is_what_is_sent(desk: Desk) -> None:
    job = desk.publish("approved")
    with pytest.raises(ReviewChangedError, match="the approval is of the review 0000"):
        desk.jobs.approve(job.id, approval(job, digest="0" * 64))
    assert desk.published("approved") == []

    approved = desk.jobs.approve(job.id, approval(job))
    done = desk.work(approved)

    assert (done.state, done.problem) == ("succeeded", None)
    assert job.review is not None
    assert desk.published("approved") == [job.review.manifest_digest]
    assert done.review is not None
    assert done.review.answer is not None
    assert (done.review.answer.by, done.review.answer.approved) == ("The officer", True)
    with pytest.raises(JobConflictError, match="is succeeded and waits for no person"):
        desk.jobs.approve(job.id, approval(job))


def test_what_was_changed_after_the_approval_is_not_sent(desk: Desk) -> None:
    job = desk.publish("changed")
    desk.jobs.approve(job.id, approval(job))
    card = desk.node.job_folder(job.id) / "package" / "card.json"
    card.write_bytes(card.read_bytes().replace(b"Masses", b"Others"))

    failed = desk.work(job)

    assert failed.state == "failed"
    assert failed.problem is not None
    assert failed.problem.code == "GS-2003"
    assert desk.published("changed") == []


def test_under_another_policy_it_is_looked_at_again(desk: Desk) -> None:
    job = desk.publish("other-policy")
    desk.jobs.approve(job.id, approval(job))
    (desk.node.data_dir / POLICY_FILE).write_text("review_months = 6")

    again = desk.work(job)

    assert again.state == "awaiting_review"
    assert again.review is not None
    assert job.review is not None
    assert again.review.digest != job.review.digest
    assert again.review.answer is None
    assert desk.published("other-policy") == []


def test_a_policy_may_leave_the_review_to_the_machine_or_ask_for_a_person(desk: Desk) -> None:
    policy = desk.node.data_dir / POLICY_FILE
    policy.write_text('review = "machine"')
    assert desk.publish("by-machine").state == "succeeded"

    policy.write_text('review = "person"')
    desk.node = replace(desk.node, review="machine")
    assert desk.publish("by-person").state == "awaiting_review"


def test_what_is_rejected_ends_with_the_reason_and_its_package_goes(desk: Desk) -> None:
    job = desk.publish("rejected")

    rejected = desk.jobs.reject(job.id, Rejection(by="The officer", reason="Too few patients."))

    assert rejected.state == "failed"
    assert rejected.problem is not None
    assert (rejected.problem.code, rejected.problem.failure) == ("GS-3707", "policy")
    assert rejected.problem.detail == "The officer: Too few patients."
    assert not (desk.node.job_folder(job.id) / "package").exists()
    assert [entry.released for entry in desk.ledger.read(most=9).entries] == [False]
    with pytest.raises(JobConflictError, match="The officer rejected"):
        desk.jobs.resume(job.id)
    assert desk.published("rejected") == []


def test_a_suspected_mode_collapse_must_be_named_to_be_approved(desk: Desk, tmp_path: Path) -> None:
    request = PublishRequest(training_job=TRAINED_JOB, name="collapsed", **TERMS)
    job, _ = desk.jobs.submit(request, None)
    desk.store.claim(now=NOW)
    review = a_review(tmp_path / "made", collapse="samples have 0.1 of the real spread")
    desk.store.await_review(job.id, review, now=NOW)
    waiting = desk.jobs.find(job.id)

    with pytest.raises(CollapseSuspectedError, match=r"0\.1 of the real spread"):
        desk.jobs.approve(job.id, approval(waiting))
    assert desk.jobs.approve(job.id, approval(waiting, despite_collapse=True)).state == "queued"


def test_a_waiting_review_is_cancelled_at_once(desk: Desk) -> None:
    job = desk.publish("cancelled")

    assert desk.jobs.cancel(job.id).state == "cancelled"
    with pytest.raises(JobConflictError, match="waits for no person"):
        desk.jobs.approve(job.id, approval(job))
    assert [entry.released for entry in desk.ledger.read(most=9).entries] == [False]
    assert desk.work(desk.jobs.resume(job.id)).state == "awaiting_review"
    assert [entry.released for entry in desk.ledger.read(most=9).entries] == [True]


def test_a_job_is_for_the_hub_that_it_was_submitted_for(desk: Desk) -> None:
    job = desk.publish("moved")
    elsewhere = job.model_copy(
        update={"hub": ConnectedHub(centre="centre-b", url="https://other.example.org")}
    )

    with pytest.raises(HubChangedError, match="is for the hub https://other"):
        desk.node.hub(elsewhere)
    assert desk.node.connection(job).hub() == job.hub
