"""What a simulation makes of a node's answers."""

import json
from typing import Any

import httpx
import pytest

from centre_node.mammography.phantoms import read_phantoms
from centre_node.mammography.summaries import summary
from node_api.data_sources import PhantomSet
from node_api.datasets import Dataset
from node_api.generator_training import GeneratorTraining
from node_api.plans import PlannedSubset, StudyPlan
from node_api.previews import Preview, PreviewedSubset
from node_api.recipes import RecipeWeights
from node_api.results import (
    RESULTS,
    FinishedTraining,
    JobResult,
    PulledGenerator,
    SampledPatches,
    WrittenPhantoms,
)
from shared.architectures import DcganArchitecture
from simulation.errors import ServiceUnreadableError
from simulation.node_client import NodeClient
from tests.audits import an_audit
from tests.simulation.made_up import a_report
from tests.study_report.made_up import a_study

DIGEST = "ab" * 32
FOUND: tuple[JobResult, ...] = (
    Dataset(
        name="own",
        source=PhantomSet(style="film", patients=3, seed=1),
        summary=summary(read_phantoms(PhantomSet(style="film", patients=3, seed=1))),
    ),
    WrittenPhantoms(layout="coco", phantoms=PhantomSet(style="film", patients=3, seed=1)),
    FinishedTraining(
        data_set="phantoms",
        lesion_kinds=("mass",),
        patients=20,
        patches=40,
        pixel_spacing_mm=None,
        architecture=DcganArchitecture(),
        training=GeneratorTraining(),
        genshare_version="0.1.0",
        skipped={"no lesion": 2},
    ),
    a_report().generators[0].published,
    PulledGenerator(
        manifest_digest=DIGEST,
        centre="centre-b",
        name="masses",
        version=1,
        weights=("weights.safetensors",),
        whole=True,
    ),
    SampledPatches(
        centre="centre-b",
        name="masses",
        manifest_digest=DIGEST,
        weights=(RecipeWeights(name="weights.safetensors", sha256=DIGEST),),
        seed=0,
        count=4,
        device="cpu",
        threads=1,
        genshare_version="0.1.0",
        torch_version="2.14.1",
        shape=(4, 16, 16),
    ),
    a_study().result,
    an_audit(),
    StudyPlan(
        subsets=(PlannedSubset(name="train", patients=20, lesions=24),),
        arms=("none",),
        classifiers=("cnn",),
        seeds=(0,),
        length="400 steps",
        runs=1,
        workers=1,
        seconds=60.0,
    ),
    Preview(
        subsets=(PreviewedSubset(name="train", lesions=24, healthy=24),),
        shortcut="A logistic regression on grey levels reaches 0.55.",
        skipped={},
    ),
)


def node_that_answers(body: dict[str, Any]) -> NodeClient:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(body).encode()))

    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://node")
    return NodeClient("centre-a", http)


def a_job(**changes: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "kind": "pull",
        "state": "succeeded",
        "request": {"kind": "pull", "centre": "centre-b", "name": "masses"},
        "progress": None,
        "result": None,
        "problem": None,
        "artifacts": [],
        "attempts": 1,
        "revision": 3,
        "created_at": "2026-01-01T00:00:00Z",
        "started_at": "2026-01-01T00:00:00Z",
        "finished_at": "2026-01-01T00:03:20Z",
    } | changes


@pytest.mark.parametrize("found", FOUND, ids=lambda found: type(found).__name__)
def test_a_result_of_each_kind_is_read_as_what_it_is(found: JobResult) -> None:
    job = node_that_answers(a_job(result=found.model_dump(mode="json"))).job("1")

    assert job.result == found


def test_there_is_a_result_for_every_kind_of_job() -> None:
    assert {*map(type, FOUND)} == {*RESULTS.values()}


def test_fields_of_a_newer_node_are_passed_over() -> None:
    found = FOUND[3].model_dump(mode="json") | {"a field of a newer node": 1}

    job = node_that_answers(a_job(result=found, another=[2])).job("1")

    assert job.result == FOUND[3]
    assert job.seconds == 200


def test_an_answer_that_is_no_job_is_said_to_be_unreadable() -> None:
    with pytest.raises(ServiceUnreadableError, match="centre-a answered with HTTP 200 without"):
        node_that_answers({"id": "1"}).job("1")
