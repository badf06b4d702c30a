"""Files that appear complete or not at all, and a full disk named as such."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from shared.disk import is_full_disk
from shared.errors import FolderInUseError, OutOfSpaceError
from shared.problems import GenshareError

GRACE_SECONDS = 2.0


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file under a temporary name, sync it, and put it in the place of `path`."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file that appears whole or not at all."""
    write_whole(path, lambda file: file.write(text.encode()))


@contextmanager
def full_disk_named(folder: Path) -> Iterator[None]:
    """Turn every error that a full disk leads to into ours.

    Raises:
        OutOfSpaceError: The disk became full while the block ran.
    """
    try:
        yield
    except GenshareError:
        raise
    except Exception as error:  # torch's own writer raises another one on top of the system's
        if not is_full_disk(error):
            raise
        raise OutOfSpaceError(f"no space is left to write to {folder}") from error


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep every other process that asks out of a folder, which must exist.

    One that is about to end, as a killed service's worker is, is waited for.

    Raises:
        FolderInUseError: Another one is in it.
    """
    lock = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + GRACE_SECONDS
        while not _locked(lock):
            if time.monotonic() > until:
                raise FolderInUseError(f"another process is working in {folder}")
            time.sleep(GRACE_SECONDS / 20)
        yield
    finally:
        os.close(lock)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
