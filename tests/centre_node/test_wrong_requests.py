"""No wrong request gets anything but a problem, whatever it gets wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.centre_node.node_server import OWN, Node, training
from tests.wrong_requests import faults, wrong_requests


@pytest.fixture(scope="module")
def mammograms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hospital") / "mammograms"
    (folder / "empty").mkdir(parents=True)
    (folder / "file").write_text("")
    (folder / "coco").mkdir()
    (folder / "coco" / "annotations.coco.json").write_text("[")
    return folder


@pytest.fixture(scope="module")
def served(mammograms: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    node = Node(tmp_path_factory.mktemp("node") / "data", mammograms_dir=mammograms)
    node.register().raise_for_status()
    yield node
    node.stop()


@pytest.fixture(scope="module")
def finished(served: Node) -> str:
    """The id of a finished job."""
    return str(served.result(training(epochs=1, checkpoint_every_epochs=1))["job"]["id"])


@pytest.mark.slow
def test_every_route_answers_garbage_with_a_problem(served: Node) -> None:
    # Some of it is right on some route, and deletes what it names.
    served.register("spare").raise_for_status()
    spare = served.result(training(epochs=2, checkpoint_every_epochs=1))["job"]["id"]
    base = served.http.base_url.copy_with(raw_path=b"/")
    with httpx.Client(base_url=base, timeout=30, headers=served.http.headers) as http:
        api = http.get("/openapi.json").json()
        asked = [
            *wrong_requests(api, {"job_id": spare, "name": "losses.csv", "digest": "ab" * 32}),
            *wrong_requests(
                {"paths": {p: o for p, o in api["paths"].items() if "/datasets/" in p}},
                {"name": "spare"},
            ),
        ]

        found = {
            f"{wrong.method} {wrong.path[:80]} {wrong.headers} {(wrong.content or b'')[:40]!r}": w
            for wrong in asked
            if (w := faults(wrong.send(http), str(served.data_dir.parent)))
        }

    assert found == {}
    assert len(asked) > 500


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"kind":"pull","weights":[' + b"0," * 480_000 + b"0]}", "it has 480003 entries, 10000"),
        (b'{"kind":"sample","count":' + b"9" * 4300 + b"}", "a number in it has 4300 digits"),
        (b'{"kind":"sample","kind":"study"}', "an object of it has the same key twice"),
    ],
)
def test_a_job_that_is_large_or_ambiguous_is_refused_before_it_is_looked_into(
    served: Node, content: bytes, sentence: str
) -> None:
    answer = served.http.post(
        "/jobs", content=content, headers={"Content-Type": "application/json"}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "GS-0002")
    assert sentence in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "content", "place"),
    [
        ("/jobs", '{"kind": "sample", "generator": "%s", "count": "5"}' % ("0" * 64), "count"),
        ("/jobs", '{"kind": "sample", "generator": "%s", "count": 5.0}' % ("0" * 64), "count"),
        ("/jobs", '{"kind": "pull", "centre": "a", "name": "b", "version": true}', "version"),
        ("/jobs", json.dumps(training(epochs="5")), "training.epochs"),
        ("/jobs", json.dumps(training(epochs=2**53)), "training.epochs"),
        ("/jobs", json.dumps(training(learning_rate="0.1")), "training.learning_rate"),
        ("/jobs", json.dumps(training(cuda_graphs="yes")), "training.cuda_graphs"),
        ("/jobs", '{"kind": "study", "dataset": "own", "study": {"arms": {}}}', "study.arms"),
        ("/datasets/x", '{"format": "phantoms", "style": "film", "patients": "9"}', "patients"),
        ("/datasets/x", '{"where": {}}', "format"),
        ("/datasets/x", '{"folder": 5}', "folder"),
        ("/datasets/x", '{"format": "auto", "folder": 5}', "folder"),
        ("/datasets/x", json.dumps({"format": "auto", "folder": "x" * 5000}), "folder"),
    ],
)
def test_a_body_of_other_types_or_past_its_bounds_is_refused(
    served: Node, path: str, content: str, place: str
) -> None:
    method = "POST" if path == "/jobs" else "PUT"
    told = {"Content-Type": "application/json"}
    answer = served.http.request(method, path, content=content, headers=told)

    assert (answer.status_code, answer.json()["code"]) == (422, "GS-0002")
    assert place in answer.json()["detail"]


def test_a_data_set_is_replaced_only_if_it_is_the_one_that_is_meant(served: Node) -> None:
    was = served.http.get("/datasets/own")
    outdated, unknown = (
        served.http.put(f"/datasets/{name}", json=OWN, headers={"If-Match": '"other"'})
        for name in ("own", "none")
    )
    known = served.http.put("/datasets/own", json=OWN, headers={"If-Match": was.headers["ETag"]})
    first = served.http.put("/datasets/own", json=OWN, headers={"If-None-Match": "*"})

    assert [outdated.status_code, unknown.status_code] == [412, 412]
    assert [known.status_code, first.status_code] == [200, 412]
    assert served.http.get("/datasets/none").status_code == 404


@pytest.mark.parametrize(
    ("layout", "folder"),
    [
        *(
            ("coco", f)
            for f in ("", "\0", "a\0b", "x" * 300, "file", "missing", "..", "/etc", "\n")
        ),
        *((layout, f) for layout in ("auto", "coco", "inbreast") for f in ("empty", "coco")),
    ],
)
def test_a_folder_of_no_use_is_told_without_the_path_to_it(
    served: Node, mammograms: Path, layout: str, folder: str
) -> None:
    answer = served.register("d", {"format": layout, "folder": folder})

    assert (answer.status_code, answer.json()["code"]) == (422, "GS-3101")
    assert faults(answer, str(mammograms.parent)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"https://{'a' * 64}.example", "GS-2104"),
        ("https://.example.org", "GS-2104"),
        ("http://xn--", "GS-2104"),
        ("http://a\0b", "GS-2104"),
        ("", "GS-2104"),
        ("file:///etc/passwd", "GS-2104"),
        ("http://user:patient-7@127.0.0.1:9", "GS-2101"),
    ],
)
def test_a_hub_that_cannot_be_one_is_told_and_its_password_is_not(
    served: Node, url: str, code: str
) -> None:
    wanted = {"centre": "centre-a", "url": url, "token": "x"}

    answer = served.http.put("/hub-connection", json=wanted)

    assert answer.json()["code"] == code
    assert "patient-7" not in answer.text


@pytest.mark.slow
def test_a_part_that_an_artifact_has_not_is_a_problem(served: Node, finished: str) -> None:
    path = f"/jobs/{finished}/artifacts/losses.csv"

    part = served.http.get(path, headers={"Range": "bytes=0-4"})
    beyond = served.http.get(path, headers={"Range": "bytes=9999999-"})

    assert (part.status_code, part.text) == (206, "epoch")
    assert beyond.status_code == 416
    assert "ask such as bytes=0-99" in beyond.json()["detail"]


def test_an_empty_idempotency_key_is_refused(served: Node) -> None:
    request = {"kind": "pull", "centre": "a", "name": "b"}

    answer = served.http.post("/jobs", json=request, headers={"Idempotency-Key": ""})

    assert answer.status_code == 422


@pytest.mark.slow
def test_an_event_id_that_the_job_has_not_reached_hides_nothing(
    served: Node, finished: str
) -> None:
    revision = served.job(finished)["revision"]
    path = f"/jobs/{finished}/events"

    ahead = served.http.get(path, headers={"Last-Event-ID": str(revision + 1)})

    told = next(line for line in ahead.text.splitlines() if line.startswith("data: "))
    assert json.loads(told.removeprefix("data: "))["state"] == "succeeded"
    at = served.http.get(path, headers={"Last-Event-ID": str(revision)})
    assert at.status_code == 204
