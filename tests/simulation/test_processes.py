import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from shared.repeats import Patience
from simulation.errors import ServiceFailedError, ServiceUnreachableError
from simulation.processes import (
    Services,
    free_ports,
    last_lines,
    service_environment,
    stop_left_behind,
)
from simulation.service_client import ServiceClient, http_client

SLEEPER = ["-c", "import time; print(flush=True); time.sleep(600)"]


@contextmanager
def sleeping() -> "Iterator[subprocess.Popen[bytes]]":
    """Yield a process that has begun to sleep."""
    process = subprocess.Popen(
        [sys.executable, *SLEEPER], stdout=subprocess.PIPE, start_new_session=True
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_free_ports_are_different() -> None:
    assert len(set(free_ports(8))) == 8


@pytest.mark.slow
def test_a_hub_is_started_answers_and_is_stopped(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    record = tmp_path / "state" / "processes.json"

    with Services(tmp_path / "logs", record) as services:
        arguments = ["hub", "serve", "--data-dir", str(tmp_path / "state" / "hub")]
        hub = services.start("hub", arguments, port=port, environment={})
        client = ServiceClient("hub", http_client(hub.url, None), check=services.check)
        client.wait_until_healthy()
        assert json.loads(record.read_text())[0]["pid"] == hub.process.pid
        assert "genshare" in client.versions()

    assert hub.process.poll() is not None
    assert not record.exists()


def test_a_service_that_ends_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with Services(tmp_path / "logs", tmp_path / "processes.json") as services:
        service = services.start("hub", ["no-such-command"], port=port, environment={})
        service.process.wait(60)

        with pytest.raises(ServiceFailedError, match=r"hub ended with exit code 2") as failure:
            services.check()

    assert "no-such-command" in str(failure.value)
    assert str(tmp_path / "logs" / "hub.log") in str(failure.value)


def test_what_a_killed_simulation_left_behind_is_stopped(tmp_path: Path) -> None:
    record = tmp_path / "processes.json"
    with sleeping() as left:
        record.write_text(json.dumps([{"pid": left.pid, "arguments": SLEEPER}]))
        stop_left_behind(record)

        assert left.wait(30) != 0
    assert not record.exists()


def test_another_program_with_a_listed_process_id_is_left_alone(tmp_path: Path) -> None:
    record = tmp_path / "processes.json"
    with sleeping() as stranger:
        record.write_text(json.dumps([{"pid": stranger.pid, "arguments": ["node", "serve"]}]))
        stop_left_behind(record)

        assert stranger.poll() is None


def test_only_the_end_of_a_log_is_shown(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(b"\xff\n" + b"".join(b"line %d\n" % n for n in range(50)))

    assert last_lines(tmp_path / "x.log", 2) == "  line 48\n  line 49"


def test_no_proxy_stands_between_services_of_one_machine() -> None:
    environment = service_environment({"NODE_TOKEN": "secret-token"})

    assert environment["NO_PROXY"].endswith("127.0.0.1,localhost")
    assert environment["NODE_TOKEN"] == "secret-token"
    assert "NODE_TOKEN" not in os.environ


def test_a_service_that_never_answers_is_given_up() -> None:
    (port,) = free_ports(1)
    client = ServiceClient(
        "centre-a", httpx.Client(base_url=f"http://127.0.0.1:{port}"), patience=Patience((0.0, 0.0))
    )

    with pytest.raises(
        ServiceUnreachableError, match=f"no answer from centre-a at .*:{port} to GET"
    ):
        client.wait_until_healthy()
