"""Builds the images, runs the federation in containers, and looks at what isolates them."""

import csv
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from shared.records import GeneratorVersion
from simulation.node_client import NodeClient
from simulation.service_client import http_client
from tests.compose.recording import Recording, recorded
from tests.compose.traces import PIXELS, forms_of_pixels, forms_of_text, found
from tests.compose.ward import Ward, share
from tests.e2e.tiny import TINY, finished_tiny
from tests.waiting import wait_for

ROOT = Path(__file__).parent.parent.parent
SIGNED = f'signing = "enforce"\n{TINY.read_text()}'
CENTRES = ("centre-a", "centre-b", "centre-c")
SERVICES = ("hub", *CENTRES)
EVERYTHING = (*SERVICES, "results-folder", "simulate")
PROJECT = "genshare-test"
LARGEST_HUB_BYTES = 150_000_000
ENVIRONMENT = {**os.environ, "DOCKER_BUILDKIT": "0", "COMPOSE_DOCKER_CLI_BUILD": "0"}
TRY_ALL = """
import json, socket
from concurrent.futures import ThreadPoolExecutor

def opens(place):
    try:
        socket.create_connection(tuple(place), timeout=2).close()
    except OSError:
        return False
    return True

with ThreadPoolExecutor(len(PLACES)) as pool:
    print(json.dumps(list(pool.map(opens, PLACES))))
"""
APPROVED_BY_RULE = """
import sqlite3
query = "SELECT count(*) FROM audit_log WHERE action = 'state_changed' AND caller = '(rules)'"
print(*sqlite3.connect("/data/hub.sqlite").execute(query).fetchone())
"""
TELLS = """
import base64, gzip, json, urllib.error, urllib.request, zlib
codes = []
for number, what in enumerate({told!r}):
    wrapped = [bytes, base64.b64encode, gzip.compress, zlib.compress][number % 4](what)
    request = urllib.request.Request("http://hub:8000/api/v1/centres", wrapped, method="POST")
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        codes.append(error.code)
print(codes)
"""
PINNED_AND_SIGNED = """
import json, pathlib
signatures = list(pathlib.Path("/data/generators").glob("*/signature.json"))
print(json.dumps([json.loads(pathlib.Path("/data/trust.json").read_text()), len(signatures)]))
"""

pytestmark = [pytest.mark.compose, pytest.mark.timeout(2400)]


def _run(*command: str, cwd: Path = ROOT, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done


@pytest.fixture(scope="module")
def engine() -> Iterator[None]:
    """An engine that runs; where there is none, one that is started and stopped."""
    if shutil.which("docker") is None and os.environ.get("CI") != "true":
        pytest.skip("no container engine; CI installs one")
    started = _run("bash", ".ci/start-engine").stdout.split()
    yield
    for process in started:
        _run("kill", process, check=False)


@dataclass(frozen=True)
class Simulated:
    """What `docker compose up` left when it had returned."""

    compose: tuple[str, ...]
    printed: str
    exit_codes: dict[str, int]
    results: Path
    ward: Ward
    recordings: list[Recording]


@pytest.fixture(scope="module")
def simulated(engine: None) -> Iterator[Simulated]:  # noqa: ARG001 (started first)
    """A finished simulation in containers, which have ended: all signed, and approved by rule."""
    command = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
    with tempfile.TemporaryDirectory() as scratch:
        results = Path(scratch) / "results"
        override = Path(scratch) / "override.yml"
        scenario = Path(scratch) / "signed.toml"
        scenario.write_text(SIGNED)
        ward = Ward(Path(scratch) / "mammograms")
        ward.write()
        mounts = [f"{results}:/results", f"{scenario}:/signed.toml:ro"]
        override.write_text(
            json.dumps(
                {
                    "services": {
                        "simulate": {"volumes": mounts},
                        "results-folder": {"volumes": mounts[:1]},
                    }
                }
            )
        )
        files = ("-f", str(ROOT / "docker-compose.yml"), "-f", str(override))
        compose = (
            *command,
            "--ansi",
            "never",
            "-p",
            PROJECT,
            "--project-directory",
            str(ROOT),
            *files,
        )
        ENVIRONMENT.update(
            GENSHARE_SCENARIO="/signed.toml",
            GENSHARE_APPROVAL="signed",
            GENSHARE_MAMMOGRAMS_B=str(ward.folder),
        )
        try:
            _run(*compose, "up", "--build", "--no-start")
            with recorded(*(_bridge(f"hub-{letter}") for letter in "abc")) as recordings:
                printed = _run(*compose, "up").stdout
                codes = {service: _state(service)["ExitCode"] for service in EVERYTHING}
                yield Simulated(compose, printed, codes, results, ward, recordings)
        finally:
            _run(*compose, "down", "--volumes", "--timeout", "5", check=False)


@pytest.fixture(scope="module")
def running(simulated: Simulated) -> None:
    """The services, started again after the simulation, to be looked at from inside."""
    _run(*simulated.compose, "up", "--detach", *SERVICES)
    for service in SERVICES:
        wait_for(partial(_is_healthy, service), seconds=120)


def _bridge(network: str) -> str:
    """Return the machine's interface through which everything on a network passes."""
    found = _run("docker", "network", "inspect", f"{PROJECT}_{network}", "--format", "{{.Id}}")
    return f"br-{found.stdout[:12]}"


def _is_healthy(service: str) -> bool:
    health: str = _state(service)["Health"]["Status"]
    return health == "healthy"


def _state(service: str) -> dict[str, Any]:
    state: dict[str, Any] = _inspected(service)["State"]
    return state


def _inspected(service: str) -> dict[str, Any]:
    inspected: dict[str, Any] = json.loads(_run("docker", "inspect", _container(service)).stdout)[0]
    return inspected


def _container(service: str) -> str:
    return _run(
        "docker", "ps", "--all", "-q", "--filter", f"label=com.docker.compose.project={PROJECT}",
        "--filter", f"label=com.docker.compose.service={service}",
    ).stdout.strip()  # fmt: skip


def _python(service: str, code: str) -> subprocess.CompletedProcess[str]:
    return _run("docker", "exec", _container(service), "python", "-c", code, check=False)


def test_up_returns_when_the_simulation_ends(simulated: Simulated) -> None:
    said = [
        line.partition("|")[2].strip()
        for line in simulated.printed.splitlines()
        if "|" in line and "simulate" in line.partition("|")[0]
    ]

    assert said[-1] == "Report: ./results/report/index.html", simulated.printed[-4000:]
    assert simulated.exit_codes == dict.fromkeys(EVERYTHING, 0)


def test_the_report_is_complete(simulated: Simulated) -> None:
    report = simulated.results / "report"

    assert {path.name for path in report.iterdir()} >= {
        "index.html",
        "tables.md",
        "results.csv",
        "report.json",
    }


def test_signed_in_containers_and_unsigned_in_processes_the_numbers_are_the_same(
    simulated: Simulated, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = finished_tiny(tmp_path_factory)

    def rows(folder: Path) -> list[dict[str, str]]:
        with (folder / "report" / "results.csv").open() as file:
            return list(csv.DictReader(file))

    assert rows(simulated.results) == rows(out)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.usefixtures("simulated")
def test_polls_and_health_checks_are_not_logged(service: str) -> None:
    logged = _run("docker", "logs", _container(service))
    asked = [line for line in (logged.stdout + logged.stderr).splitlines() if "/api/v1/" in line]

    assert asked
    assert not [
        line for line in asked if re.search(r"GET '.*/(healthz|readyz|jobs/[^/]+)' 2", line)
    ]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.usefixtures("running")
def test_services_are_unprivileged(service: str) -> None:
    inspected = _inspected(service)

    assert inspected["Config"]["User"] == "10001:10001"
    assert inspected["HostConfig"]["ReadonlyRootfs"]
    assert inspected["HostConfig"]["CapDrop"] == ["ALL"]
    published = [b for bound in inspected["HostConfig"]["PortBindings"].values() for b in bound]
    assert {binding["HostIp"] for binding in published} == {"127.0.0.1"}
    assert _python(service, "open('/opt/genshare/x', 'w')").returncode != 0


@pytest.mark.parametrize("service", EVERYTHING)
@pytest.mark.usefixtures("simulated")
def test_memory_processes_and_logs_are_limited(service: str) -> None:
    host = _inspected(service)["HostConfig"]

    assert 0 < host["Memory"] <= 8 * 1024**3
    assert 0 < host["PidsLimit"] <= 1024
    assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}
    assert (host["RestartPolicy"]["Name"] == "on-failure") is (service in SERVICES)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.usefixtures("running")
def test_services_have_no_way_to_the_internet(service: str) -> None:
    resolved = _python(service, "import socket; print(socket.gethostbyname('example.com'))")
    answered, *_ = _reachable(service, [("1.1.1.1", 53)])

    assert "gaierror" in resolved.stderr
    assert not answered


@pytest.mark.usefixtures("running")
def test_a_centre_reaches_the_hub_and_no_other_centre() -> None:
    for centre in CENTRES:
        others = [(host, 8001) for other in CENTRES if other != centre for host in _names(other)]

        assert _reachable(centre, [("hub", 8000)]) == [True]
        assert _reachable(centre, [("desk", 8001)]) == [True]  # its own
        assert not any(_reachable(centre, others))


@pytest.mark.usefixtures("running")
def test_the_hub_reaches_no_node() -> None:
    nodes = [(host, 8001) for centre in CENTRES for host in _names(centre)]

    assert not any(_reachable("hub", nodes))


@pytest.mark.usefixtures("running")
def test_everything_was_signed_and_approved_by_rule() -> None:
    approved = _printed("hub", APPROVED_BY_RULE)
    trust, signatures = json.loads(_printed("centre-a", PINNED_AND_SIGNED))

    assert approved == "2"
    assert (trust["mode"], trust["first_use"]) == ("enforce", False)
    assert {key["how"] for at in trust["centres"].values() for key in at["keys"]} == {"pinned"}
    assert signatures == 2


def _printed(service: str, code: str) -> str:
    done = _python(service, code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("port", [8000, 8011, 8012, 8013])
@pytest.mark.usefixtures("running")
def test_staff_reach_their_service_by_its_published_port(port: int) -> None:
    with urlopen(f"http://127.0.0.1:{port}/api/v1/healthz", timeout=10) as answer:
        assert answer.status == 200


def _names(service: str) -> list[str]:
    networks = _inspected(service)["NetworkSettings"]["Networks"]
    return [service, *(network["IPAddress"] for network in networks.values())]


def _reachable(service: str, places: list[tuple[str, int]]) -> list[bool]:
    """Try from inside a container, all at once, to which of the places a connection opens."""
    reached: list[bool] = json.loads(_printed(service, f"PLACES = {places!r}\n{TRY_ALL}"))
    return reached


@pytest.mark.usefixtures("running")
def test_the_hub_is_light() -> None:
    def size(image: str) -> int:
        return int(_run("docker", "image", "inspect", image, "--format", "{{.Size}}").stdout)

    assert size("genshare-hub") - size("python:3.11-slim-bookworm") < LARGEST_HUB_BYTES
    assert _python("hub", "import torch").returncode != 0
    assert _python("hub", "import hub.main").returncode == 0


@dataclass(frozen=True)
class Shared:
    """What a ward's mammograms led to.

    Attributes:
        wrong: What was said of each thing that went wrong.
        weights: The file that was published.
        secret: In every form, what may not leave the donor.
    """

    wrong: list[str]
    weights: bytes
    secret: dict[str, set[bytes]]


@pytest.fixture(scope="module")
def shared(
    running: None,  # noqa: ARG001 (started first)
    simulated: Simulated,
    tmp_path_factory: pytest.TempPathFactory,
) -> Shared:
    """A generator of mammograms from a folder, shared; and all that goes wrong on the way."""
    receiver, donor = (
        NodeClient(name, http_client(f"http://127.0.0.1:{port}", "simulation-only-node-token"))
        for name, port in (("centre-a", 8011), ("centre-b", 8012))
    )
    published, wrong = share(simulated.ward, donor, receiver)
    assert isinstance(published.result, GeneratorVersion)
    kept = tmp_path_factory.mktemp("kept")
    for service in ("centre-a", "centre-b"):
        _run("docker", "cp", f"{_container(service)}:/data", str(kept / service))
    digest = published.result.manifest_digest
    weights = kept / "centre-a" / "generators" / digest / "weights.safetensors"
    texts = {*simulated.ward.texts, "/mammograms", "/data/"}
    pixels = simulated.ward.pixels(kept / "centre-b")
    secret = {text: forms_of_text(text) for text in texts}
    secret |= {piece.tobytes().hex(): forms_of_pixels(piece) for piece in pixels}
    return Shared(wrong, weights.read_bytes(), secret)


def test_nothing_of_a_patient_leaves_a_centre_whatever_goes_wrong(
    shared: Shared, simulated: Simulated
) -> None:
    said = [stream for recording in simulated.recordings for stream in recording.said()]
    forms = {form for forms in shared.secret.values() for form in forms}

    assert len(shared.wrong) == 7
    assert [stream for stream in said if shared.weights in stream]  # so all was recorded
    assert found(forms, said) == set()


def test_what_would_leave_a_centre_would_be_found(shared: Shared) -> None:
    texts = [text for text in shared.secret if len(text) == 16][:3]
    pieces = [bytes.fromhex(text) for text in shared.secret if len(text) == 2 * PIXELS][:3]
    told = (*(text.encode() for text in texts), *pieces)

    with recorded(_bridge("hub-b")) as (recording,):
        assert _printed("centre-b", TELLS.format(told=told)) == "[401, 401, 401, 401, 401, 401]"

    said = recording.said()
    for what in (*texts, *(piece.hex() for piece in pieces)):
        assert found(shared.secret[what], said), what
