"""Files that appear complete or not at all, and a full disk named as such."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from centre_node.errors import OutOfSpaceError


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
    """Turn the system's error for a full disk into ours.

    Raises:
        OutOfSpaceError: The disk became full while the block ran.
    """
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise OutOfSpaceError(f"no space is left to write to {folder}") from error
