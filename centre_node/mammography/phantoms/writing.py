"""Phantoms written as a data set on disk, whole or not at all."""

import os
import shutil
from pathlib import Path

from node_api.data_sources import FolderFormat, PhantomSet
from pydantic import ValidationError

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.layouts import LAYOUTS, OnProgress
from centre_node.mammography.phantoms.reading import read_phantoms
from shared.disk import is_full_disk
from shared.errors import OutOfSpaceError
from shared.models import StrictModel

STAMP = "phantoms.json"
"""Beside the data, so that a finished folder is known again. Readers pass it over."""


class _Stamp(StrictModel):
    phantoms: PhantomSet
    layout: FolderFormat


def write_phantoms(
    phantoms: PhantomSet, folder: Path, *, layout: FolderFormat, on_progress: OnProgress
) -> None:
    """Draw a set of phantoms and write it in the layout of a real data set.

    A folder that was finished with the same phantoms and layout is left as it is.

    Args:
        folder: Comes into being at the end, complete; an empty one is taken over.
        on_progress: Is told images written and images in all.

    Raises:
        BadMammogramsError: `folder` holds something else, or the layout has no writer.
        OutOfSpaceError: The disk is full; nothing is left behind.
    """
    stamp = _Stamp(phantoms=phantoms, layout=layout)
    if _is_finished(folder, stamp):
        return
    write = LAYOUTS[layout].writer()
    temporary = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)  # of a writing that was killed
    try:
        temporary.mkdir(parents=True)
        write(read_phantoms(phantoms).mammograms, temporary, on_progress=on_progress)
        (temporary / STAMP).write_text(stamp.model_dump_json())
        _flush(temporary)
        temporary.rename(folder)
    except OSError as error:
        if is_full_disk(error):
            raise OutOfSpaceError(
                f"no space is left for the phantoms in {folder.parent}"
            ) from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _is_finished(folder: Path, stamp: _Stamp) -> bool:
    """Tell whether `folder` holds what the stamp says.

    Raises:
        BadMammogramsError: It holds something else, which must not be replaced.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    try:
        found = _Stamp.model_validate_json((folder / STAMP).read_bytes())
    except (OSError, ValidationError):
        found = None
    if found != stamp:
        raise BadMammogramsError(
            f"{folder} holds something else than these phantoms as {stamp.layout}; it is left alone"
        )
    return True


def _flush(folder: Path) -> None:
    """Make the files outlast a power cut, so that the rename never shows half of them."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
