"""Memory and folders of this machine: whether they will do."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from shared.findings import Finding, broken, fine, not_looked_at, notice
from shared.free_memory import ROOT, free_memory

GIB = 1 << 30
LEAST_MEMORY, ENOUGH_MEMORY = 1 * GIB, 4 * GIB
LEAST_DISK, ENOUGH_DISK = 1 * GIB, 10 * GIB


def look_at_memory(root: Path = ROOT) -> Iterator[Finding]:
    """Say how much memory is free: the machine's, or what is left of its container's.

    Args:
        root: Where the system's files lie.
    """
    free = free_memory(root)
    if free is None:
        yield not_looked_at("memory", "this system does not tell", "Look at it by other means")
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
