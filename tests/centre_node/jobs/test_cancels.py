"""A cancel that was accepted holds, in whatever a real worker does; what is left is resumed."""

import random
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from tests.centre_node.jobs.test_jobs import PUBLICATION, STUDY, connected
from tests.centre_node.node_server import ENDED, OWN, Node, training
from tests.hub_server import RunningHub
from tests.nursery import family_of
from tests.waiting import wait_for

pytestmark = pytest.mark.slow
SEEDS_OF_LONG_JOBS = (2, 5, 14, 27)  # one waits, three run for longer than the moment's wait
PROMISED_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 1.5
WHOLE_JOB_SECONDS = 300.0
LONG_STUDY = {**STUDY, "classifier_training": {"epochs": 40}, "arms": [{"name": "own"}]}
PHANTOMS = {
    "format": "phantoms",
    "style": "digital",
    "patients": 12,
    "image_height_px": 512,
    "written_as": "inbreast",
}


@dataclass(frozen=True)
class Worked:
    """A node that has a training and a pulled generator.

    Attributes:
        requests: Of each kind of job, one that takes some seconds.
    """

    node: Node
    requests: dict[str, dict[str, Any]]

    def request(self, kind: str, seed: int) -> dict[str, Any]:
        """Return a request of which no part is done already."""
        request = dict(self.requests[kind])
        if kind == "train_generator":
            request["training"] = {**request["training"], "seed": seed}
        if kind == "study":
            request["study"] = {**request["study"], "seeds": (seed,)}
        if kind == "write_phantoms":
            request["phantoms"] = {**PHANTOMS, "seed": seed}
        if kind == "publish":
            request["name"] = f"cancelled-{seed}"
        if kind in {"sample", "audit"}:
            request["seed"] = seed
        return request


@pytest.fixture(scope="module")
def worked(node: Node, loopback_hub: RunningHub) -> Worked:
    connected(node, loopback_hub, "centre-a")
    node.register("many", {**OWN, "patients": 60}).raise_for_status()
    halves = {"dataset": "many", "hold_out": {"share": 0.5, "seed": 1}}
    request = {**training(epochs=1, checkpoint_every_epochs=1), **halves}
    trained = node.result(request)["job"]["id"]
    published = node.result({**PUBLICATION, "name": "to-cancel", "training_job": trained})
    pull = {"kind": "pull", "centre": "centre-a", "name": "to-cancel"}
    node.result(pull)
    requests = {
        "train_generator": training(epochs=100),
        "study": {"kind": "study", "dataset": "own", "study": LONG_STUDY, "workers": 2},
        "audit": {"kind": "audit", "training_job": trained, "samples": 1000},
        "write_phantoms": {"kind": "write_phantoms"},
        "publish": {**PUBLICATION, "training_job": trained},
        "pull": pull,
        "sample": {"kind": "sample", "generator": published["manifest_digest"], "count": 20_000},
    }
    return Worked(node, requests)


def cancelled_at_random(worked: Worked, seed: int) -> tuple[str, float | None]:
    """Cancel a job at a random moment, and resume it; return its kind and how long it took.

    None where it had ended before.
    """
    draw = random.Random(seed)
    node, kind = worked.node, draw.choice(sorted(worked.requests))
    job_id = node.submit(worked.request(kind, seed))
    if draw.random() < 0.9:
        wait_for(lambda: node.job(job_id)["state"] != "queued", 120)
    moment = LONGEST_WAIT_SECONDS * draw.random() ** 3  # often early: many jobs are short
    with suppress(TimeoutError):  # the moment has come
        wait_for(lambda: node.job(job_id)["state"] in ENDED, moment)
    asked_at = time.monotonic()
    answer = node.http.post(f"/jobs/{job_id}/cancel")
    if answer.status_code == 409:
        assert node.job(job_id)["state"] == "succeeded"
        return kind, None
    answer.raise_for_status()
    ended = node.ended(job_id)
    took = time.monotonic() - asked_at
    assert ended["state"] == "cancelled", (kind, seed, ended)
    assert node.http.post(f"/jobs/{job_id}/resume").is_success
    again = node.ended(job_id, WHOLE_JOB_SECONDS)
    assert again["state"] == "succeeded", (kind, seed, again["problem"])
    return kind, took


@pytest.mark.timeout(600)
def test_cancels_at_random_moments_hold_and_are_resumed(worked: Worked) -> None:
    outcomes = [cancelled_at_random(worked, seed) for seed in SEEDS_OF_LONG_JOBS]

    assert sum(took is not None for _, took in outcomes) >= 3


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_a_hundred_cancels_take_effect_within_five_seconds(worked: Worked) -> None:
    outcomes = [cancelled_at_random(worked, seed) for seed in range(100)]

    took = [seconds for _, seconds in outcomes if seconds is not None]
    sys.stdout.write(f"\n{len(took)} of 100 still ran; the longest took {max(took):.2f} s\n")
    assert len(took) >= 60
    assert max(took) <= PROMISED_SECONDS


def test_the_processes_of_a_cancelled_study_are_gone(worked: Worked) -> None:
    node = worked.node
    request = worked.request("study", 1000)
    job_id = node.submit({**request, "study": {**request["study"], "seeds": (1000, 1001, 1002)}})
    wait_for(lambda: len(family_of(node.process)) > 3, 120)  # a worker's stub and its fork too
    family = family_of(node.process)
    node.worker().suspend()  # it ends by a kill alone

    node.http.post(f"/jobs/{job_id}/cancel").raise_for_status()

    assert node.ended(job_id)["state"] == "cancelled"
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
