"""What Prometheus reads of a hub, and what its log says of requests."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.hub.hub_process import HubProcess
from tests.hub_server import ADMIN_TOKEN, running_hub
from tests.packages import write_tiny_package

FILES = "/api/v1/generators/centre-b/lesions-dcgan/versions/1/files/"
ROUTE = "/generators/{centre}/{name}/versions/{version}/files/{file}"


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60) as client:
        yield client


def _get(http: httpx.Client, url: str, token: str = ADMIN_TOKEN) -> httpx.Response:
    return http.get(url, headers={"Authorization": f"Bearer {token}"})


def test_metrics_count_what_was_asked_held_and_refused(tmp_path: Path, http: httpx.Client) -> None:
    package = write_tiny_package(tmp_path / "package")
    with running_hub(tmp_path / "hub") as hub:
        owner = hub.client().invite("centre-b")
        hub.client(owner).publish(package)
        files = [_get(http, hub.url + FILES + "card.json", owner) for _ in range(3)]
        refused = [_get(http, hub.url + "/api/v1/log", owner) for _ in range(20)]
        unknown = [_get(http, f"{hub.url}/nowhere/{number}") for number in range(3)]
        answer = _get(http, hub.url + "/metrics")

    assert {each.status_code for each in (*files, *refused, *unknown)} == {200, 403, 404}
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    samples = {
        (sample.name.removeprefix("genshare_hub_"), *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    labelled = {key: value for key, value in samples.items() if key[0] == "requests_total"}
    assert labelled["requests_total", *sorted(("GET", ROUTE, "200"))] == 3
    assert labelled["requests_total", *sorted(("GET", "/log", "403"))] == 20
    assert labelled["requests_total", *sorted(("GET", "none", "404"))] == 3
    assert samples["request_seconds_count", ROUTE] == 3
    assert samples["refused_total", "GS-1004"] == 20
    assert samples["versions",] == samples["centres",] == 1
    assert samples["files",] == 2
    assert samples["stored_bytes",] == sum(file.size_bytes for file in package.manifest.files)
    assert 5 <= samples["log_entries",] <= 15


def test_only_the_administrator_reads_metrics_also_on_loopback(
    tmp_path: Path, http: httpx.Client
) -> None:
    with running_hub(tmp_path) as hub:
        token = hub.client().invite("centre-a")

        assert http.get(f"{hub.url}/metrics").status_code == 401
        assert _get(http, f"{hub.url}/metrics", token).status_code == 403


def test_a_line_of_the_log_names_caller_and_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, http: httpx.Client
) -> None:
    caplog.set_level(logging.INFO)
    with running_hub(tmp_path) as hub:
        token = hub.client().invite("centre-a")
        _get(http, f"{hub.url}/api/v1/centres?name={token}", token)
        http.get(f"{hub.url}/api/v1/centres")

    told = (r.getMessage() for r in caplog.records if r.name == "shared.problem_handlers")
    lines = [line.partition(" ")[2] for line in told]  # after the request's id
    assert lines == [
        "POST '/api/v1/centres' 201 (administrator) 127.0.0.1",
        "GET '/api/v1/centres' 200 centre-a 127.0.0.1",
        "GET '/api/v1/centres' 401 - 127.0.0.1",
    ]


@pytest.mark.slow
def test_a_hub_told_so_writes_json_lines_in_which_no_token_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, http: httpx.Client
) -> None:
    monkeypatch.setenv("HUB_LOG_FORMAT", "json")
    hub = HubProcess(tmp_path / "hub")
    try:
        hub.wait_until_ready()
        body = {"name": "centre-a"}
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        enrolled = http.post(f"{hub.url}/api/v1/centres", json=body, headers=headers)
        token = enrolled.json()["token"]
        _get(http, f"{hub.url}/api/v1/generators/{token}?token={token}", token)
        _get(http, f"{hub.url}/api/v1/log", token)
    finally:
        hub.stop()

    lines = [json.loads(line) for line in hub.log().splitlines()]
    told = {(line.get("path"), line.get("status"), line.get("caller")) for line in lines}
    assert ("'/api/v1/centres'", 201, "(administrator)") in told
    assert ("'/api/v1/log'", 403, "-") in told
    assert {line["address"] for line in lines if "address" in line} == {"127.0.0.1"}
    assert token not in hub.log()
    assert ADMIN_TOKEN not in hub.log()
