"""Files and folders that appear whole or not at all, and a full disk named as such.

What takes its name here is on the disk by then, and so is the name: neither a kill nor a power cut
shows half of it.
"""

import errno
import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from shared.errors import FolderInUseError, OutOfSpaceError
from shared.problems import GenshareError

ANOTHER_FOLDER = "Choose another folder: one that does not exist yet, or is empty."
GRACE_SECONDS = 2.0
MANY_FILES = 100


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file that appears whole or not at all."""
    with whole_file(path) as temporary, temporary.open("wb") as file:
        write(file)


def write_text(path: Path, text: str) -> None:
    """Write a text file that appears whole or not at all."""
    write_whole(path, lambda file: file.write(text.encode()))


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path for a file that takes the place of `path` when the block ends well."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        yield temporary
        sync(temporary)
        put_in_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path, *, alone: bool = False) -> Iterator[Path]:
    """Give a folder that takes the name `folder` when the block ends well, or is removed.

    Args:
        folder: Nothing may be there, or an empty folder.
        alone: Whether no other process writes it, so that what a killed one left is removed.
    """
    folder = folder.absolute()
    unique = "" if alone else f".{uuid.uuid4().hex}"
    temporary = folder.with_name(f".{folder.name}{unique}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        sync_folder(temporary)
        put_in_place(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_new(folder: Path, refused: type[GenshareError]) -> None:
    """Check that there is nothing at `folder`, or an empty folder.

    Raises:
        GenshareError: There is something; it is `refused`.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise refused(f"{folder} is there already and not empty", hint=ANOTHER_FOLDER)


def empty_folder(folder: Path) -> None:
    """Remove all that is in a folder."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def put_in_place(temporary: Path, path: Path) -> None:
    """Give a file or folder that is on the disk its name, for good."""
    temporary.replace(path)
    sync(path.absolute().parent)


def sync_folder(folder: Path) -> None:
    """Force a folder and all that is in it to the disk."""
    paths = [*folder.rglob("*"), folder]
    if len(paths) > MANY_FILES:
        os.sync()  # a journal written once; each file by itself then has nothing left to write
    for path in paths:
        sync(path)


def sync(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems of the network know no such thing for a folder.
        if not (error.errno == errno.EINVAL and path.is_dir()):
            raise
    finally:
        os.close(descriptor)


@contextmanager
def full_disk_named(
    folder: Path, error: type[GenshareError] = OutOfSpaceError, *, sentence: str | None = None
) -> Iterator[None]:
    """Turn every error that a full disk leads to into ours.

    Args:
        error: What a full disk is to the caller.
        sentence: What the error says; by default which folder there is no space for.

    Raises:
        GenshareError: The disk became full while the block ran; it is `error`.
    """
    try:
        yield
    except GenshareError:
        raise
    except Exception as fault:  # torch's own writer raises another one on top of the system's
        if not is_full_disk(fault):
            raise
        raise error(sentence or f"no space is left to write to {folder}") from fault


@contextmanager
def write_faults_named(
    folder: Path, error: type[GenshareError], *, full: type[GenshareError] = OutOfSpaceError
) -> Iterator[None]:
    """Turn whatever keeps a block from writing to a folder into one sentence.

    Raises:
        GenshareError: The disk is full: it is `full`; or something else keeps it: `error`.
    """
    try:
        with full_disk_named(folder, full):
            yield
    except OSError as fault:
        raise error(f"cannot write to {folder}: {fault.strerror}") from fault


def is_full_disk(error: BaseException | None) -> bool:
    """Tell whether a full disk or a used up quota led to an error, however it was wrapped."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        # SQLite and safetensors say it in words only.
        if "disk is full" in str(error) or os.strerror(errno.ENOSPC) in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def left_only_if_used(folder: Path) -> Iterator[None]:
    """Make a folder, unless it is there; empty still, it goes again where what follows fails."""
    was_there = folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if not was_there and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        raise


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep every other process that asks out of a folder, which must exist.

    One that is about to end, as a killed service's worker is, is waited for.

    Raises:
        FolderInUseError: Another one is in it.
    """
    with _opened(folder) as lock:
        until = time.monotonic() + GRACE_SECONDS
        while not try_lock(lock):
            if time.monotonic() > until:
                raise FolderInUseError(f"another process is working in {folder}")
            time.sleep(GRACE_SECONDS / 20)
        yield


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Let those who ask into a folder, which must exist, one after the other."""
    with _opened(folder) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def work_folder(folder: Path, *, on_wait: Callable[[], object]) -> Iterator[None]:
    """Give a folder of half-done work, with what a broken-off process left there, to one at a time.

    In the block it may be renamed or removed: whoever waited for it then gets a new one. Where it
    is empty after the block, nothing is left of it.

    Args:
        on_wait: Called before another process is waited for.
    """
    stack = _entered(folder, on_wait)
    while stack is None:
        stack = _entered(folder, on_wait)
    with stack:
        yield


def _entered(folder: Path, on_wait: Callable[[], object]) -> ExitStack | None:
    """Make, open and lock a folder; None if another process was done with it before."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(_opened(folder))
        except FileNotFoundError:
            return None
        if not try_lock(lock):
            on_wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_at(lock, folder):
            return None
        stack.callback(_remove_if_empty, lock, folder)
        return stack.pop_all()


def _is_at(opened: int, folder: Path) -> bool:
    return folder.exists() and os.path.samestat(os.fstat(opened), folder.stat())


def _remove_if_empty(lock: int, folder: Path) -> None:
    if _is_at(lock, folder) and not any(folder.iterdir()):
        folder.rmdir()


def try_lock(file: int) -> bool:
    """Lock an open file or folder until it is closed, unless another process has; tell whether."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
