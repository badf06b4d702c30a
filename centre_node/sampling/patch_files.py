"""Where sampled patches go: one array file or a PNG each, written as they come."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np

from centre_node.generators.sampling import Keep, Patches, Places
from centre_node.mammography.pictures import encoded_png
from centre_node.sampling.errors import PatchesNotKeptError
from shared import files
from shared.files import whole_file, whole_folder, write_faults_named

PatchFormat = Literal["png", "npy"]

ARRAY, RECIPE = "patches.npy", "recipe.json"


@contextmanager
def array_file(path: Path, *, count: int, side: int) -> Iterator[Keep]:
    """Give a place for `count` patches in an array file that appears whole or not at all.

    The room on the disk is taken first: a full disk is an error then, and no fault in the middle.
    """
    with whole_file(path) as temporary:
        shape = (count, side, side)
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        with temporary.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, temporary.stat().st_size)
        yield lambda places, patches: array.__setitem__(places, patches)
        array.flush()


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder that takes the name `folder` when the block ends well, or is removed.

    Raises:
        OutOfSpaceError: The disk is full.
        PatchesNotKeptError: There is something already, or nothing can be written.
    """
    check_new(folder)
    with write_faults_named(folder, PatchesNotKeptError), whole_folder(folder) as temporary:
        yield temporary


def check_new(folder: Path) -> None:
    """Check that there is nothing at `folder`, or an empty folder.

    Raises:
        PatchesNotKeptError: There is something.
    """
    files.check_new(folder, PatchesNotKeptError)


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
            # Not synced each by itself: the folder of patches is, once it is whole.
            (folder / f"patch-{place + 1:06d}.png").write_bytes(encoded_png(patch))

    yield write
