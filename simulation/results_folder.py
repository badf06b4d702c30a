"""The folder that a simulation leaves: whose it is, who works in it, and how files get there."""

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from shared.files import full_disk_named, try_lock, write_whole
from simulation.errors import OutOfSpaceError, ResultsFolderError
from simulation.scenario import Scenario, scenario_digest

IDENTITY = "scenario.json"
LOCK = ".lock"
STATE, LOGS, REPORT = "state", "logs", "report"


@contextmanager
def claim(root: Path, scenario: Scenario, folders: Mapping[str, str]) -> Iterator[str]:
    """Keep a results folder to one scenario and, while it runs, to one process.

    Yields:
        The digest of the scenario and its data folders.

    Raises:
        ResultsFolderError: It holds something else, or is in use.
    """
    digest = scenario_digest(scenario, folders)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:
        raise ResultsFolderError(f"the folder {root} cannot be made there") from error
    _refuse_strangers(root)
    with (root / LOCK).open("w") as lock:
        if not try_lock(lock.fileno()):
            raise ResultsFolderError(f"another simulation is running in {root}")
        _refuse_another(root, digest)
        identity = {
            "digest": digest,
            "folders": dict(folders),
            "scenario": scenario.model_dump(mode="json"),
        }
        write_atomically(root / IDENTITY, json.dumps(identity, indent=2).encode())
        yield digest


def check_claim(root: Path, scenario: Scenario, folders: Mapping[str, str]) -> None:
    """Refuse what `claim` would refuse of a folder, and leave it as it is.

    Raises:
        ResultsFolderError: It holds something else.
    """
    if not root.exists():
        return
    if not root.is_dir():
        raise ResultsFolderError(f"{root} is a file, not a folder")
    _refuse_strangers(root)
    _refuse_another(root, scenario_digest(scenario, folders))


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file, and the folder that it lies in; it appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(content))


@contextmanager
def disk_faults(root: Path) -> Iterator[None]:
    """Turn what the disk refuses into one sentence about the results folder.

    Raises:
        OutOfSpaceError: The disk is full.
        ResultsFolderError: The folder cannot be made or written.
    """
    try:
        with full_disk_named(root, OutOfSpaceError, sentence=f"the disk of {root} is full"):
            yield
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}:
            raise ResultsFolderError(f"{root} cannot be written: {error.strerror}") from error
        raise


def _refuse_strangers(root: Path) -> None:
    """Refuse a folder with anything in it but hidden files that no simulation has claimed."""
    strangers = sorted(path.name for path in root.iterdir() if not path.name.startswith("."))
    if strangers and not (root / IDENTITY).exists():
        raise ResultsFolderError(
            f"{root} already holds {strangers[0]!r}, but no {IDENTITY}: it is not a folder of "
            "results; give a new or empty one"
        )


def _refuse_another(root: Path, digest: str) -> None:
    """Refuse a folder that another scenario has claimed."""
    identity = root / IDENTITY
    if not identity.exists():
        return
    try:
        found = json.loads(identity.read_text(encoding="utf-8"))["digest"]
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsFolderError(f"{identity} is not readable as the scenario of {root}") from error
    if found != digest:
        raise ResultsFolderError(
            f"{root} holds the results of another scenario, or of other data or settings"
        )
