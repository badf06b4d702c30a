"""A federation in the smallest sizes that still make sense, run once for all who look at it."""

import fcntl
import subprocess
from pathlib import Path

import pytest

from tests.nursery import python

TINY = Path(__file__).parent / "tiny.toml"
TIMEOUT_SECONDS = 600


def command(scenario: Path, out: Path, *options: str) -> list[str]:
    """Return the command line of a simulation in a process of its own."""
    return [
        str(python()),
        "-m",
        "genshare",
        "simulate",
        str(scenario),
        "--out",
        str(out),
        *options,
    ]


def simulated(scenario: Path, out: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(scenario, out, *options),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def finished_tiny(factory: pytest.TempPathFactory) -> Path:
    """Return the results of the tiny simulation, which the first to ask has run.

    The processes that share the tests share it too: others wait until it is there.
    """
    base = factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "tiny"
    folder.mkdir(exist_ok=True)
    out = folder / "out"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / "report").exists():
            done = simulated(TINY, out)
            assert done.returncode == 0, done.stdout + done.stderr
            assert str(out / "report" / "index.html") in done.stdout
    return out
