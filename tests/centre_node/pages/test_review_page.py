"""The page on which a person lets a generator leave, or keeps it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from centre_node.jobs.store import JobStore
from centre_node.ledger.store import LEDGER, LedgerStore
from node_api.jobs import Job
from node_api.requests import PublishRequest
from node_api.review import ReviewedFile
from tests.centre_node.jobs.reviews import TRAINED_JOB, a_review
from tests.centre_node.ledger.test_store import decided, package
from tests.centre_node.pages.browsed import BrowsedNode, browsed_node
from tests.centre_node.pages.test_pages import attributes

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TERMS = {"title": "Masses", "licence": "CC0 1.0", "use_terms": "Tests", "contact": "tests"}
CARD = ReviewedFile(name="card.json", size_bytes=2, sha256="5" * 64)
STATEMENT = ReviewedFile(name="audit-statement.json", size_bytes=3, sha256="6" * 64)
COLLAPSE = "Mode collapse suspected: samples have 0.20 of the real spread."


class Waiting:
    """A node with a publish that waits for a person."""

    def __init__(self, node: BrowsedNode) -> None:
        self.node = node
        self.store = JobStore(node.engine)
        self.browser = node.browser()

    def publish(self, job_id: str, **changed: Any) -> str:
        for job in self.store.all():
            if job.state == "queued":  # approved, and nobody works here
                self.store.cancel(job.id, now=NOW)
        request = PublishRequest(training_job=TRAINED_JOB, name="masses", **TERMS)
        self.store.add(job_id, request, None, hub=None, now=NOW)
        assert self.store.claim(now=NOW)
        folder = self.node.data_dir / "jobs" / job_id
        (folder / "package").mkdir(parents=True)
        (folder / "package" / "card.json").write_text("{}")
        (folder / "package" / "secret.txt").write_text("not part of it")
        review = a_review(folder / "made", files=(CARD, STATEMENT), **changed)
        self.store.await_review(job_id, review, now=NOW)
        return f"/jobs/{job_id}"

    def job(self, path: str) -> Job:
        found = self.store.find(path.removeprefix("/jobs/"))
        assert found is not None
        return found

    def answered(self, path: str, answer: str, **given: str) -> httpx.Response:
        return self.browser.post(f"{path}/{answer}", data=given)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waiting]:
    with browsed_node(tmp_path_factory.mktemp("node") / "data") as node:
        yield Waiting(node)


def test_it_shows_where_to_and_every_file_and_the_very_bytes_of_those_that_are_here(
    waiting: Waiting,
) -> None:
    path = waiting.publish("1" * 32)

    page = waiting.browser.get(f"{path}/review").text
    card = waiting.browser.get(f"{path}/sending/card.json")

    for told in ("https://hub.example.org", "centre-b", "card.json", "5" * 64, "6" * 64):
        assert told in page
    assert "Nothing was sent yet." in page
    assert card.text == "{}"
    assert card.headers["Content-Security-Policy"].startswith("sandbox")
    for name in ("secret.txt", "audit-statement.json", "..%2Fpackage%2Fcard.json"):
        assert waiting.browser.get(f"{path}/sending/{name}").status_code == 404
    assert "style" not in attributes(page)


def test_the_name_of_who_approves_is_that_of_the_login(waiting: Waiting) -> None:
    path = waiting.publish("2" * 32)

    answer = waiting.answered(path, "approve", digest="1" * 64, by="Somebody else")

    job = waiting.job(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert job.review is not None
    assert job.review.answer is not None
    assert (job.review.answer.by, job.review.answer.approved) == ("Dr Ada", True)
    assert "Approved" in waiting.browser.get(f"{path}/review").text


def test_a_suspected_collapse_takes_a_tick_of_its_own(waiting: Waiting) -> None:
    path = waiting.publish("3" * 32, collapse=COLLAPSE)

    page = waiting.browser.get(f"{path}/review").text
    stopped = waiting.answered(path, "approve", digest="1" * 64)
    state = waiting.job(path).state
    let_go = waiting.answered(path, "approve", digest="1" * 64, despite_collapse="yes")

    assert "Stop: mode collapse is suspected." in page
    assert (stopped.status_code, state) == (422, "awaiting_review")
    assert stopped.text.count(COLLAPSE) == 2  # on the page, and as what stopped it
    assert let_go.status_code == 303


@pytest.mark.parametrize("digest", ["2" * 64, "none", ""])
def test_what_is_approved_is_what_was_shown(waiting: Waiting, digest: str) -> None:
    path = waiting.publish(f"4{len(digest):031d}")

    answer = waiting.answered(path, "approve", digest=digest)

    assert answer.status_code == 422
    assert waiting.job(path).state == "awaiting_review"


def test_a_no_says_why_and_keeps_it_here(waiting: Waiting) -> None:
    path = waiting.publish("5" * 32)

    unsaid = waiting.answered(path, "reject", reason="")
    said = waiting.answered(path, "reject", reason="Its samples repeat one patient")

    job = waiting.job(path)
    assert unsaid.status_code == 422
    assert "Say why in a line" in unsaid.text
    assert said.status_code == 303
    assert job.problem is not None
    assert (job.state, job.problem.failure) == ("failed", "policy")
    assert "Its samples repeat one patient" in waiting.browser.get(path).text
    assert "Resume" not in waiting.browser.get(path).text


def test_what_waits_for_a_person_is_not_told_as_sent_nor_as_allowed(tmp_path: Path) -> None:
    made = package(tmp_path / "package", 1)
    with browsed_node(tmp_path / "data") as node:
        waiting = Waiting(node)
        LedgerStore(node.data_dir / LEDGER).keep(decided(made, ["a"]), now=NOW)
        path = waiting.publish("9" * 32, manifest_digest=made.digest)

        before = waiting.browser.get("/generators").text
        waiting.answered(path, "approve", digest="1" * 64)
        after = waiting.browser.get("/generators").text

    assert '<td data-name="Sent">no, waits for review</td>' in before
    assert '<td data-name="Sent">allowed</td>' in after


def test_another_sites_form_approves_nothing(waiting: Waiting) -> None:
    path = waiting.publish("6" * 32)

    answer = waiting.browser.post(
        f"{path}/approve",
        data={"digest": "1" * 64},
        headers={"Origin": "https://elsewhere.example"},
    )

    assert answer.status_code == 403
    assert waiting.job(path).state == "awaiting_review"


def test_where_reviewers_are_named_only_they_approve_by_rest_and_on_the_page(
    tmp_path: Path,
) -> None:
    tokens = {"Dr Grace": "token-of-dr-grace"}
    with browsed_node(tmp_path / "data", reviewers=tokens) as node:
        waiting = Waiting(node)
        staff = (node.data_dir / "token").read_text().strip()

        def approved(path: str, token: str, by: str) -> httpx.Response:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            body = {"by": by, "digest": "1" * 64}
            return httpx.post(f"{node.url}/api/v1{path}/approve", json=body, headers=headers)

        by_rest, on_page = waiting.publish("7" * 32), waiting.publish("8" * 32)
        refused = [
            approved(by_rest, staff, "Dr Grace"),
            approved(by_rest, tokens["Dr Grace"], "Dr Bob"),
        ]
        page = waiting.browser.get(f"{on_page}/review").text
        untold = waiting.answered(on_page, "approve", digest="1" * 64, reviewer_token=staff)
        states = [waiting.job(path).state for path in (by_rest, on_page)]
        allowed = approved(by_rest, tokens["Dr Grace"], "Dr Grace")
        token = tokens["Dr Grace"]
        typed = waiting.answered(on_page, "approve", digest="1" * 64, reviewer_token=token)
        answers = [waiting.job(path).review for path in (by_rest, on_page)]

    assert [answer.status_code for answer in refused] == [403, 403]
    assert {answer.json()["code"] for answer in refused} == {"GS-3822"}
    assert "Token of the reviewer" in page
    assert (untold.status_code, states) == (422, ["awaiting_review"] * 2)
    assert "this token is no reviewer" in untold.text
    assert token not in untold.text
    assert (allowed.status_code, typed.status_code) == (200, 303)
    told = [review.answer.by for review in answers if review and review.answer]
    assert told == ["Dr Grace"] * 2
