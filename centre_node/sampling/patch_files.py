"""Where sampled patches go: one array file or a PNG each, written as they come."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np

from centre_node.generators.sampling import Keep, Patches, Places
from centre_node.mammography.pictures import write_png
from centre_node.sampling.errors import PatchesNotKeptError
from shared.files import full_disk_named

PatchFormat = Literal["png", "npy"]

ARRAY, RECIPE = "patches.npy", "recipe.json"


@contextmanager
def array_file(path: Path, *, count: int, side: int) -> Iterator[Keep]:
    """Give a place for `count` patches in an array file that appears whole or not at all.

    The room on the disk is taken first: a full disk is an error then, and no fault in the middle.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        shape = (count, side, side)
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        with temporary.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, temporary.stat().st_size)
        yield lambda places, patches: array.__setitem__(places, patches)
        array.flush()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder that takes the name `folder` when the block ends well, or is removed.

    Raises:
        OutOfSpaceError: The disk is full.
        PatchesNotKeptError: There is something already, or nothing can be written.
    """
    check_new(folder)
    temporary = folder.absolute().with_name(f".{folder.absolute().name}.{uuid.uuid4().hex}")
    try:
        with full_disk_named(folder):
            temporary.mkdir(parents=True)
            yield temporary
            temporary.rename(folder)
    except OSError as error:
        raise PatchesNotKeptError(f"cannot write to {folder}: {error.strerror}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_new(folder: Path) -> None:
    """Check that there is nothing at `folder`, or an empty folder.

    Raises:
        PatchesNotKeptError: There is something.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise PatchesNotKeptError(f"{folder} is there already and not empty")


@contextmanager
def patch_files(
    folder: Path, *, count: int, side: int, patch_format: PatchFormat
) -> Iterator[Keep]:
    """Give a place for patches in a folder: patches.npy, or patch-000001.png and so on."""
    if patch_format == "npy":
        with array_file(folder / ARRAY, count=count, side=side) as keep:
            yield keep
        return

    def write(places: Places, patches: Patches) -> None:
        for place, patch in zip(places, patches, strict=True):
            write_png(folder / f"patch-{place + 1:06d}.png", patch)

    yield write
