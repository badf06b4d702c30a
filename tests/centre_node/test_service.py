import json
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.centre_node.node_server import OWN, Node, free_port
from tests.hub_server import ADMIN_TOKEN, RunningHub


def serve(*options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "genshare", "node", "serve", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
def test_idle_service_is_light_and_has_no_tensor_library(tmp_path: Path) -> None:
    node = Node(tmp_path / "data", python=sys.executable)
    try:
        node.register().raise_for_status()
        loaded = Path(f"/proc/{node.process.pid}/maps").read_text()
        memory, children = node.process.memory_info().rss, node.process.children()
    finally:
        node.stop()

    assert not [name for name in ("libtorch", "/cv2/", "sklearn", "/numpy/") if name in loaded]
    assert memory < 120_000_000
    assert not children


def test_data_set_is_counted_when_it_is_registered(node: Node) -> None:
    registered = node.register("counted").json()

    assert registered["source"]["patients"] == 16
    assert registered["summary"]["patients"] == 16
    assert registered["summary"]["images"] == sum(registered["summary"]["views"].values())
    assert node.http.get("/datasets/counted").json() == registered
    assert registered in node.http.get("/datasets").json()


@pytest.mark.slow
def test_unreadable_data_set_is_refused_and_what_was_registered_stays(tmp_path: Path) -> None:
    (tmp_path / "mammograms" / "empty").mkdir(parents=True)
    node = Node(tmp_path / "data", mammograms_dir=tmp_path / "mammograms")
    try:
        before = node.register("kept").json()
        for folder in ("empty", "missing", "../data"):
            for name in ("kept", "new"):
                answer = node.register(name, {"format": "coco", "folder": folder})
                assert (answer.status_code, answer.json()["code"]) == (422, "GS-3101")
        assert node.http.get("/datasets").json() == [before]
        assert node.http.get("/datasets/new").json()["code"] == "GS-3306"
    finally:
        node.stop()


def test_unknown_field_of_a_request_is_refused_by_name(node: Node) -> None:
    answer = node.http.put("/datasets/own", json={**OWN, "pateints": 3})

    assert answer.status_code == 422
    assert "pateints" in answer.json()["detail"]


@pytest.mark.slow
def test_hub_connection_is_kept_once_the_hub_accepts_the_token(
    fresh_node: Node, loopback_hub: RunningHub
) -> None:
    http, url = fresh_node.http, loopback_hub.url
    wanted = {"centre": "centre-x", "url": url}
    token = loopback_hub.client().invite("centre-x")

    assert http.get("/hub-connection").json()["code"] == "GS-3308"
    wrong = http.put("/hub-connection", json={**wanted, "token": "wrong"})
    assert (wrong.status_code, wrong.json()["code"]) == (502, "GS-2103")
    away = {**wanted, "url": f"http://127.0.0.1:{free_port()}", "token": token}
    assert http.put("/hub-connection", json=away).json()["code"] == "GS-2101"
    elsewhere = {**wanted, "token": token, "url": "http://hub:8000"}
    assert http.put("/hub-connection", json=elsewhere).json()["code"] == "GS-2240"
    assert http.get("/hub-connection").json()["code"] == "GS-3308"

    other = http.put("/hub-connection", json={**wanted, "centre": "centre-y", "token": token})
    assert (other.status_code, other.json()["code"]) == (422, "GS-3700")
    assert "is that of the centre centre-x, not of centre-y" in other.json()["detail"]
    admin = http.put("/hub-connection", json={**wanted, "token": ADMIN_TOKEN})
    assert "the hub's administrator's, not that of the centre" in admin.json()["detail"]
    assert http.get("/hub-connection").json()["code"] == "GS-3308"

    accepted = http.put("/hub-connection", json={**wanted, "token": token})
    assert accepted.json() == http.get("/hub-connection").json() == wanted
    assert token not in accepted.text + fresh_node.log()
    assert http.delete("/hub-connection").status_code == 204
    assert http.get("/hub-connection").json()["code"] == "GS-3308"


def test_what_the_node_writes_is_for_its_own_user_alone(node: Node) -> None:
    modes = {
        stat.S_IMODE(path.stat().st_mode) for path in node.data_dir.rglob("*") if path.is_file()
    }

    assert modes == {0o600}


def test_api_page_lists_the_routes(node: Node) -> None:
    page = httpx.get(str(node.http.base_url).replace("/api/v1/", "/docs"))

    assert page.is_success
    assert "/api/v1/jobs/{job_id}/events" in page.text


@pytest.mark.slow
def test_taken_port_and_unusable_folder_are_one_sentence(node: Node, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    taken = serve("--port", node.http.base_url.port, "--data-dir", tmp_path / "data")
    unusable = serve("--port", free_port(), "--data-dir", tmp_path / "file" / "data")

    for refused in (taken, unusable):
        assert refused.returncode == 1
        assert refused.stderr.startswith("error: cannot ")
        assert "Traceback" not in refused.stderr


def test_service_imports_no_tensor_library() -> None:
    program = (
        "import json, sys, centre_node.main; "
        "print(json.dumps([n for n in ('torch', 'cv2', 'sklearn') if n in sys.modules]))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert json.loads(run.stdout) == []
