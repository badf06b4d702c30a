"""The loop of docs/node.md, run line by line as it stands there, with a real hub and node."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from centre_node.jobs.store import REQUEST
from node_api.examples import EXAMPLES
from node_api.requests import JobKind
from tests.centre_node.node_server import free_port
from tests.nursery import python

PAGE = Path(__file__).parents[2] / "docs" / "node.md"
ROOT = PAGE.parents[1]
UNTIL_THE_END = "set -euo pipefail\ntrap 'kill $(jobs -p); wait' EXIT\n"


def shell_of(page: str) -> str:
    """Return a page's lines for a shell, with ports that are free."""
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    for service, usual in (("hub", 8000), ("node", 8001)):
        port = str(free_port())
        lines = lines.replace(
            f"genshare {service} serve", f"genshare {service} serve --port {port}"
        )
        lines = lines.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{port}")
    return UNTIL_THE_END + lines


@pytest.mark.slow
def test_the_loop_by_curl_leads_to_a_table(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "genshare"
    command.write_text(f'#!/bin/sh\nexec {python()} -m genshare "$@"\n')
    command.chmod(0o700)
    places = [str(command.parent), str(Path(sys.executable).parent), os.environ["PATH"]]

    done = subprocess.run(
        ["bash", "-c", shell_of(PAGE.read_text())],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": ":".join(places)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    states = re.findall(r'"state":"(\w+)"', done.stdout)
    assert states == ["succeeded", "awaiting_review", "succeeded", "succeeded", "succeeded"]
    *_, with_a = done.stdout.strip().splitlines()
    assert "with A" in with_a
    assert json.loads((tmp_path / "approved.json").read_text())["review"]["answer"]["approved"]
    assert "Traceback" not in done.stderr


def test_every_job_has_a_worked_example() -> None:
    requests = [REQUEST.validate_json(json.dumps(example)) for example in EXAMPLES.values()]

    assert {request.kind for request in requests} == set(get_args(JobKind))
