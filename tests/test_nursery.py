"""The nursery outlives whatever becomes of its stubs, or all tests after it would fail."""

import json
import random
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.nursery import nursery

PATIENT = ("-m", "timeit", "-n", "1", "-r", "1", "import time; time.sleep(60)")


@pytest.mark.slow
def test_stubs_that_are_killed_at_any_moment_leave_it_working(tmp_path: Path) -> None:
    draw = random.Random(1)
    with nursery(tmp_path) as stub:
        for _ in range(40):
            with subprocess.Popen([stub, *PATIENT]) as killed:
                time.sleep(draw.uniform(0, 0.06))
                killed.kill()
        for said in (b"", b"\0\0", b"\0\0\0\x10", b"\0\0\0\x10[["):
            with socket.socket(socket.AF_UNIX) as half:
                half.connect(str(tmp_path / "nursery"))
                if said:
                    half.sendall(said)

        done = subprocess.run(
            [stub, "-m", "json.tool"], input="[1]", capture_output=True, text=True, check=True
        )

    assert json.loads(done.stdout) == [1]
