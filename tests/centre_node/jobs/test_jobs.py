"""Jobs at a real node: its service, its worker, a hub on loopback."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest

from tests.centre_node.node_server import OWN, PATCHES, Node, events, training
from tests.hub_server import RunningHub, running_hub
from tests.waiting import wait_for

PHANTOMS = {**OWN, "patients": 2, "written_as": "inbreast"}
PUBLICATION = {
    "kind": "publish",
    "name": "lesions",
    "title": "Lesions of phantoms",
    "licence": "CC0 1.0",
    "use_terms": "Tests",
    "contact": "tests",
}
STUDY = {
    "image_size": 16,
    "patches": PATCHES,
    "split_shares": (0.5, 0.25, 0.25),
    "train_fractions": (1.0,),
    "classifier_training": {"epochs": 1, "batch_size": 4},
    "synthetic_patches": 4,
    "seeds": (0,),
}


def connected(node: Node, hub: RunningHub, centre: str) -> None:
    wanted = {"centre": centre, "url": hub.url, "token": hub.client().invite(centre, renew=True)}
    node.http.put("/hub-connection", json=wanted).raise_for_status()


def ended(process: psutil.Process) -> bool:
    """Tell whether a process is gone, or is only waiting for its parent to take note."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.slow
def test_train_publish_pull_sample_study(node: Node, loopback_hub: RunningHub) -> None:
    connected(node, loopback_hub, "centre-a")
    trained = node.result(training(epochs=2, checkpoint_every_epochs=1))
    artifacts = trained["job"]["artifacts"]
    assert {"real-patches.png", "losses.csv", "samples/epoch-0002.png"} <= set(artifacts)
    assert trained["patients"] == 8
    assert trained["patches"] >= 8

    version = node.result({**PUBLICATION, "training_job": trained["job"]["id"]})
    assert (version["centre"], version["name"], version["version"]) == ("centre-a", "lesions", 1)
    assert version["card"]["training_set"]["patients"] == 5

    pulled = node.result({"kind": "pull", "centre": "centre-a", "name": "lesions"})
    digest = pulled["manifest_digest"]
    assert digest == version["manifest_digest"]

    request = {"kind": "sample", "generator": digest, "count": 70, "seed": 3}
    sampled, again = node.result(request), node.result(request)
    patches = [
        node.http.get(f"/jobs/{job['job']['id']}/artifacts/patches.npy").content
        for job in (sampled, again)
    ]
    assert patches[0] == patches[1]
    array = np.load(io.BytesIO(patches[0]), allow_pickle=False)
    assert (array.shape, array.dtype) == ((70, 16, 16), np.uint8)
    grid = node.http.get(f"/jobs/{sampled['job']['id']}/artifacts/grid.png").content
    assert cv2.imdecode(np.frombuffer(grid, np.uint8), cv2.IMREAD_GRAYSCALE) is not None

    arms = [{"name": "own"}, {"name": "with A", "generators": [digest]}]
    study = node.result({"kind": "study", "dataset": "own", "study": {**STUDY, "arms": arms}})
    assert [(row["arm"], row["n_train_synthetic"]) for row in study["rows"]] == [
        ("own", 0),
        ("with A", 4),
    ]
    assert {"results.csv", "real-lesion-patches.png"} <= set(study["job"]["artifacts"])
    assert [part["subset"] for part in study["balance"]] == ["train", "validation", "test"]
    assert 0 <= study["shortcut"]["auroc"] <= 1


@pytest.mark.slow
def test_an_ensemble_is_published_pulled_in_part_and_sampled(
    node: Node, loopback_hub: RunningHub
) -> None:
    connected(node, loopback_hub, "centre-a")
    kept = {"keep_weights_from_epoch": 1, "keep_weights_every_epochs": 1}
    trained = node.result(training(epochs=3, checkpoint_every_epochs=1, **kept))
    publication = {**PUBLICATION, "training_job": trained["job"]["id"]}

    final_only = node.result(publication)
    version = node.result({**publication, "name": "ensemble", "ensemble": True})
    weights = version["card"]["weights"]
    assert [file["epoch"] for file in final_only["card"]["weights"]] == [3]
    assert [file["epoch"] for file in weights] == [1, 2, 3]
    proportions = {weights[0]["name"]: 1, weights[2]["name"]: 3}
    some = node.result({**publication, "name": "some", "proportions": proportions})
    assert [file["share"] for file in some["card"]["weights"]] == [0.25, 0.75]

    pull = {"kind": "pull", "centre": "centre-a", "name": "ensemble"}
    part = node.result({**pull, "weights": [weights[0]["name"], weights[2]["name"]]})
    assert (part["whole"], part["weights"]) == (False, [weights[0]["name"], weights[2]["name"]])
    request = {"kind": "sample", "generator": version["manifest_digest"], "count": 10, "seed": 3}
    sampled = node.result(request)
    assert {"patches.npy", "grid.png", "recipe.json"} <= set(sampled["job"]["artifacts"])
    assert [(file["name"], file["sha256"]) for file in sampled["weights"]] == [
        (file["name"], file["sha256"]) for file in (weights[0], weights[2])
    ]
    recipe = node.http.get(f"/jobs/{sampled['job']['id']}/artifacts/recipe.json").json()
    assert {**recipe, "shape": [10, 16, 16]}.items() <= sampled.items()

    arms = [{"name": "with A", "generators": [version["manifest_digest"]]}]
    study = {"kind": "study", "dataset": "own", "study": {**STUDY, "arms": arms}}
    refused = node.http.post("/jobs", json=study)
    assert (refused.status_code, refused.json()["code"]) == (422, "GS-2009")
    assert "only 2 of 3 weight files" in refused.json()["detail"]

    assert node.result(pull)["whole"]
    assert len(node.result(request)["weights"]) == 3
    assert node.ended(node.submit(study))["state"] == "succeeded"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (
            {"kind": "pull", "centre": "b", "name": "c", "weights": ["w"], "weights_at_most": 2},
            "either weights or weights_at_most",
        ),
        (
            {**PUBLICATION, "training_job": "x", "ensemble": True, "proportions": {"w": 1}},
            "ensemble takes every weight file, proportions some; give one of them",
        ),
        ({**PUBLICATION, "training_job": "x", "proportions": {"w": 0}}, "must be above 0"),
    ],
)
def test_weights_are_chosen_in_one_way(node: Node, request_: dict[str, Any], said: str) -> None:
    refused = node.http.post("/jobs", json=request_)

    assert refused.status_code == 422
    assert said in refused.json()["detail"]


@pytest.mark.slow
def test_after_a_hub_was_down_the_training_is_published_as_if_it_had_not_been(
    node: Node, loopback_hub: RunningHub, tmp_path: Path
) -> None:
    kept = {"keep_weights_from_epoch": 1, "keep_weights_every_epochs": 1}
    trained = node.result(training(epochs=2, checkpoint_every_epochs=1, **kept))["job"]["id"]
    publication = {**PUBLICATION, "name": "late", "training_job": trained, "ensemble": True}
    folder = node.data_dir / "jobs" / trained / "training"
    before = {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}
    with running_hub(tmp_path / "hub") as hub:
        connected(node, hub, "centre-a")

    job = node.ended(node.submit(publication))
    assert (job["problem"]["code"], job["problem"]["failure"]) == ("GS-2101", "network")
    assert job["retries"] == 1
    assert {path.name: path.read_bytes() for path in folder.glob("*.safetensors")} == before

    connected(node, loopback_hub, "centre-a")
    moved = node.http.post(f"/jobs/{job['id']}/resume").json()
    assert moved["hub"] == {"centre": "centre-a", "url": loopback_hub.url}
    resumed = node.ended(job["id"])
    assert len(resumed["result"]["card"]["weights"]) == 2


@pytest.mark.slow
def test_phantoms_are_written_once_and_then_read_as_the_real_data_set(node: Node) -> None:
    phantoms = {
        "format": "phantoms",
        "style": "digital",
        "patients": 3,
        "seed": 5,
        "image_height_px": 256,
        "written_as": "inbreast",
    }
    early = node.http.put("/datasets/drawn", json=phantoms)
    assert early.status_code == 422
    assert "write_phantoms job first" in early.json()["detail"]

    written = node.result({"kind": "write_phantoms", "phantoms": phantoms})
    registered = node.http.put("/datasets/drawn", json=phantoms).json()

    assert written["layout"] == "inbreast"
    assert registered["summary"]["patients"] == 3
    assert registered["summary"]["sizes"]["mass"]["side_mm"] is not None
    unwritten = {**phantoms, "written_as": None}
    refused = node.http.post("/jobs", json={"kind": "write_phantoms", "phantoms": unwritten})
    assert refused.status_code == 422
    assert "must name the layout" in refused.json()["detail"]


@pytest.mark.slow
def test_artifacts_are_served_by_their_listed_names_only(node: Node) -> None:
    job = node.result(training(epochs=1, checkpoint_every_epochs=1))["job"]
    base = f"/jobs/{job['id']}/artifacts"

    assert node.http.get(f"{base}/losses.csv").text.startswith("epoch,")
    for name in (
        "..%2ftraining%2fcheckpoint.pt",
        "..%2f..%2f..%2fnode.sqlite",
        "%2fetc%2fpasswd",
        "samples",
        "samples%2f..%2flosses.csv",
        "losses.csv%00",
    ):
        assert node.http.get(f"{base}/{name}").status_code == 404, name


def test_same_key_returns_the_job_and_another_request_is_refused(
    node: Node, loopback_hub: RunningHub
) -> None:
    connected(node, loopback_hub, "centre-a")
    request = {"kind": "pull", "centre": "centre-a", "name": "none"}
    headers = {"Idempotency-Key": "one"}

    first = node.http.post("/jobs", json=request, headers=headers)
    again = node.http.post("/jobs", json=request, headers=headers)
    other = node.http.post("/jobs", json={**request, "version": 2}, headers=headers)

    assert (first.status_code, again.status_code, other.status_code) == (202, 200, 409)
    assert first.json()["id"] == again.json()["id"]
    assert other.json()["code"] == "GS-3304"
    assert first.json()["id"] in [job["id"] for job in node.http.get("/jobs").json()]


def told_of(event: dict[str, Any], unit: str) -> bool:
    return event["progress"] is not None and event["progress"]["unit"] == unit


@pytest.mark.slow
def test_events_tell_each_state_and_resume_after_the_last_one_seen(node: Node) -> None:
    epochs_asked = 200  # so many that they are not over between two looks
    job_id = node.submit(training(epochs=epochs_asked))

    seen = list(events(node, job_id))
    revisions = [event["revision"] for event in seen]
    assert revisions == sorted(set(revisions))
    assert seen[0]["state"] in {"queued", "running"}
    assert seen[-1]["state"] == "succeeded"
    epochs = [event["progress"]["done"] for event in seen if told_of(event, "epochs")]
    assert epochs == sorted(epochs)  # which of them are seen depends on the moments of looking
    assert 0 < epochs[-1] <= epochs_asked
    measured = seen[-1]["progress"]
    assert (measured["unit"], measured["done"]) == ("patches", measured["total"])

    last = revisions[-1]
    assert [event["revision"] for event in events(node, job_id, after=last - 1)] == [last]
    done = node.http.get(f"/jobs/{job_id}/events", headers={"Last-Event-ID": str(last)})
    assert done.status_code == 204


@pytest.mark.slow
def test_running_job_says_how_long_it_takes_and_is_cancelled_at_its_next_step(node: Node) -> None:
    job_id = node.submit(training(epochs=1_000_000))
    wait_for(lambda: node.epoch(job_id))
    left = wait_for(lambda: node.job(job_id)["progress"]["seconds_left"])

    node.http.post(f"/jobs/{job_id}/cancel").raise_for_status()
    job = node.ended(job_id)

    assert left > 0
    assert (job["state"], job["problem"], job["result"]) == ("cancelled", None, None)


@pytest.mark.slow
def test_hub_that_is_down_fails_the_job_in_one_sentence(node: Node, tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as hub:
        connected(node, hub, "centre-a")

    problem = node.ended(node.submit({"kind": "pull", "centre": "b", "name": "c"}))["problem"]

    assert problem["code"] == "GS-2101"
    assert problem["detail"].startswith(f"no answer from the hub at {hub.url}")


@pytest.mark.slow
def test_token_that_was_renewed_fails_the_job_in_one_sentence(
    node: Node, loopback_hub: RunningHub
) -> None:
    connected(node, loopback_hub, "centre-a")
    loopback_hub.client().invite("centre-a", renew=True)

    problem = node.ended(node.submit({"kind": "pull", "centre": "b", "name": "c"}))["problem"]

    assert problem["code"] == "GS-2103"
    assert "401" in problem["detail"]


def weights(node: Node, job_id: str) -> bytes:
    return (node.data_dir / "jobs" / job_id / "training" / "weights.safetensors").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(node: Node) -> bytes:
    """The weights of a training that nothing interrupts."""
    return weights(node, node.result(training(epochs=240))["job"]["id"])


@pytest.mark.slow
def test_killed_worker_changes_nothing_in_the_result(node: Node, undisturbed: bytes) -> None:
    job_id = node.submit(training(epochs=240))

    wait_for(lambda: node.epoch(job_id) >= 30)
    node.worker().kill()
    job = node.ended(job_id)

    assert (job["state"], job["attempts"]) == ("succeeded", 2)
    assert weights(node, job_id) == undisturbed


@pytest.mark.slow
def test_stopped_and_killed_service_change_nothing_in_the_result(
    fresh_node: Node, undisturbed: bytes
) -> None:
    node = fresh_node
    finished = node.result({"kind": "write_phantoms", "phantoms": PHANTOMS})["job"]
    job_id = node.submit(training(epochs=240))

    wait_for(lambda: node.epoch(job_id) >= 30)
    worker = node.worker()
    node.stop()
    assert ended(worker)
    node.start()
    assert node.job(finished["id"]) == finished

    wait_for(lambda: node.epoch(job_id) >= 100)
    worker = node.worker()
    node.kill()
    wait_for(lambda: ended(worker))
    node.start()

    job = node.ended(job_id)
    assert (job["state"], job["attempts"]) == ("succeeded", 1)
    assert weights(node, job_id) == undisturbed
