"""Memory, disks and the container engine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from genshare.doctor.findings import Finding, broken, fine, not_looked_at, notice

GIB = 1 << 30
LEAST_MEMORY, ENOUGH_MEMORY = 1 * GIB, 4 * GIB
LEAST_DISK, ENOUGH_DISK = 1 * GIB, 10 * GIB
MEMORY_FILE = Path("/proc/meminfo")
ENGINE_SECONDS = 20.0


def look_at_memory(file: Path = MEMORY_FILE) -> Iterator[Finding]:
    """Say how much memory is free.

    Args:
        file: Where Linux tells it.
    """
    try:
        lines = file.read_text(encoding="ascii").splitlines()
        told = dict(line.split(":", 1) for line in lines if ":" in line)
        free = int(told["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        yield not_looked_at("memory", f"{file} does not tell", "Look at it by other means")
        return
    cores = len(os.sched_getaffinity(0))
    found = f"{free / GIB:.1f} GiB free, {cores} processors"
    if free < LEAST_MEMORY:
        yield broken("memory", found, "End other programs, or give this container more memory")
    elif free < ENOUGH_MEMORY:
        remedy = "Run a simulation's centres one after the other, or give more memory"
        yield notice("memory", found, remedy)
    else:
        yield fine("memory", found)


def look_at_folder(
    folder: Path, *, what: str, written: bool, least: int = LEAST_DISK, enough: int = ENOUGH_DISK
) -> Iterator[Finding]:
    """Say whether a folder can be used, and how much room its disk has.

    Args:
        what: What it is called.
        written: Whether genshare writes to it; else it only reads.
        least: Bytes below which nothing can be done.
        enough: Bytes below which a longer work may fill the disk.
    """
    if not folder.is_dir():
        there = "is a file" if folder.exists() else "is not there"
        remedy = (
            f"mkdir -p {folder}" if written else "Give the folder's path as it is on this machine"
        )
        yield broken(what, f"{folder} {there}", remedy)
        return
    try:
        _try(folder, written=written)
    except OSError as error:
        verb = "written" if written else "read"
        yield broken(
            what,
            f"{folder} cannot be {verb}: {error.strerror}",
            f"Give this user the right to it, or mount it so that it can be {verb}",
        )
        return
    if written:
        yield _room(folder, what, least, enough)
    else:
        yield fine(what, f"{folder} can be read; genshare data inspect {folder} says what it holds")


def _try(folder: Path, *, written: bool) -> None:
    if written:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"genshare")
    else:
        next(iter(os.scandir(folder)), None)


def _room(folder: Path, what: str, least: int, enough: int) -> Finding:
    free = shutil.disk_usage(folder).free
    found = f"{folder} can be written, {free / GIB:.1f} GiB free"
    if free < least:
        return broken(what, found, "Make room on that disk, or choose a folder on another")
    if free < enough:
        remedy = (
            "Make room before a long training or a study; each says before it starts what it needs"
        )
        return notice(what, found, remedy)
    return fine(what, found)


def look_at_engine() -> Iterator[Finding]:
    """Say whether containers can be run; only `docker compose up` needs that."""
    if shutil.which("docker") is None:
        remedy = "Nothing, unless you want containers; then install Docker with compose"
        yield notice("container engine", "docker is not installed", remedy)
        return
    server, fault = _answer("docker", "version", "--format", "{{.Server.Version}}")
    if server is None:
        yield notice(
            "container engine",
            f"docker is installed, but its engine does not answer: {fault}",
            "For containers, start it (systemctl start docker), as a user of the group docker",
        )
        return
    compose, _ = _answer("docker", "compose", "version", "--short")
    compose = compose or _answer("docker-compose", "version", "--short")[0]
    if compose is None:
        remedy = "For docker compose up, install Docker's compose plugin"
        yield notice("container engine", f"docker {server}, without compose", remedy)
    else:
        yield fine("container engine", f"docker {server}, compose {compose}")


def _answer(*command: str) -> tuple[str | None, str]:
    """Return what a program says, or None and its fault."""
    try:
        done = subprocess.run(  # noqa: S603 (found by PATH, as its users would)
            command, capture_output=True, text=True, timeout=ENGINE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"no answer within {ENGINE_SECONDS:.0f} s"
    except OSError as error:
        return None, str(error.strerror)
    if done.returncode == 0 and done.stdout.strip():
        return done.stdout.strip(), ""
    return None, (done.stderr.strip().splitlines() or ["without a word"])[-1]
