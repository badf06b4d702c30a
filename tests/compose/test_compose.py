"""Builds the images, runs the federation in containers, and looks at what isolates them."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TINY = ROOT / "tests" / "e2e" / "tiny.toml"
CENTRES = ("centre-a", "centre-b", "centre-c")
SERVICES = ("hub", *CENTRES)
LARGEST_HUB_BYTES = 150_000_000
ENVIRONMENT = {**os.environ, "DOCKER_BUILDKIT": "0", "COMPOSE_DOCKER_CLI_BUILD": "0"}

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


@pytest.fixture(scope="module")
def federation(engine: None) -> Iterator[Path]:  # noqa: ARG001 (started first)
    """A finished simulation in containers; services still run. Yields the results folder."""
    command = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
    with tempfile.TemporaryDirectory() as scratch:
        results = Path(scratch) / "results"
        override = Path(scratch) / "override.yml"
        mounts = [f"{results}:/results", f"{TINY}:/tiny.toml:ro"]
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
        files = ["-f", str(ROOT / "docker-compose.yml"), "-f", str(override)]
        compose = [*command, "-p", "genshare-test", "--project-directory", str(ROOT), *files]
        ENVIRONMENT["GENSHARE_SCENARIO"] = "/tiny.toml"
        try:
            _run(*compose, "up", "--build", "--detach")
            container = _run(*compose, "ps", "-q", "simulate").stdout.strip()
            code = _run("docker", "wait", container).stdout.strip()
            logs = _run("docker", "logs", container)
            assert code == "0", logs.stdout[-3000:] + logs.stderr[-3000:]
            yield results
        finally:
            _run(*compose, "down", "--volumes", "--timeout", "5", check=False)


def _container(service: str) -> str:
    return _run(
        "docker", "ps", "-q", "--filter", "label=com.docker.compose.project=genshare-test",
        "--filter", f"label=com.docker.compose.service={service}",
    ).stdout.strip()  # fmt: skip


def _python(service: str, code: str) -> subprocess.CompletedProcess[str]:
    return _run("docker", "exec", _container(service), "python", "-c", code, check=False)


def test_the_report_is_complete(federation: Path) -> None:
    report = federation / "report"

    assert {path.name for path in report.iterdir()} >= {
        "index.html",
        "tables.md",
        "results.csv",
        "report.json",
    }


def test_containers_and_processes_give_the_same_numbers(federation: Path, tmp_path: Path) -> None:
    out = tmp_path / "processes"
    _run(sys.executable, "-m", "genshare", "simulate", str(TINY), "--out", str(out))

    def rows(folder: Path) -> list[dict[str, str]]:
        with (folder / "report" / "results.csv").open() as file:
            return list(csv.DictReader(file))

    assert rows(federation) == rows(out)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.usefixtures("federation")
def test_services_are_unprivileged(service: str) -> None:
    inspected = json.loads(_run("docker", "inspect", _container(service)).stdout)[0]

    assert inspected["Config"]["User"] == "10001:10001"
    assert inspected["HostConfig"]["ReadonlyRootfs"]
    assert inspected["HostConfig"]["CapDrop"] == ["ALL"]
    published = [b for bound in inspected["HostConfig"]["PortBindings"].values() for b in bound]
    assert {binding["HostIp"] for binding in published} == {"127.0.0.1"}
    assert _python(service, "open('/opt/genshare/x', 'w')").returncode != 0


@pytest.mark.usefixtures("federation")
def test_centres_cannot_reach_each_other_but_reach_the_hub() -> None:
    probe = (
        "import socket; socket.create_connection(({host!r}, {port}), timeout=3).close(); "
        "print('open')"
    )
    networks = json.loads(_run("docker", "inspect", _container("centre-a")).stdout)[0]
    addresses = [n["IPAddress"] for n in networks["NetworkSettings"]["Networks"].values()]

    assert _python("centre-b", probe.format(host="hub", port=8000)).stdout == "open\n"
    for host in ("centre-a", *addresses):
        assert _python("centre-b", probe.format(host=host, port=8001)).returncode != 0


@pytest.mark.usefixtures("federation")
def test_the_hub_is_light() -> None:
    def size(image: str) -> int:
        return int(_run("docker", "image", "inspect", image, "--format", "{{.Size}}").stdout)

    assert size("genshare-hub") - size("python:3.11-slim-bookworm") < LARGEST_HUB_BYTES
    assert _python("hub", "import torch").returncode != 0
    assert _python("hub", "import hub.main").returncode == 0
