"""Phantoms written as a data set on disk, whole or not at all."""

from pathlib import Path

from pydantic import ValidationError

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.layouts import LAYOUTS
from centre_node.mammography.phantoms.reading import read_phantoms
from node_api.data_sources import FolderFormat, PhantomSet
from shared.files import full_disk_named, whole_folder
from shared.models import StrictModel
from shared.progress import OnCount

STAMP = "phantoms.json"
"""Beside the data, so that a finished folder is known again. Readers pass it over."""


class _Stamp(StrictModel):
    phantoms: PhantomSet
    layout: FolderFormat


def write_phantoms(
    phantoms: PhantomSet, folder: Path, *, layout: FolderFormat, on_progress: OnCount
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
    full = f"no space is left for the phantoms in {folder.parent}"
    with full_disk_named(folder, sentence=full), whole_folder(folder, alone=True) as temporary:
        LAYOUTS[layout].writer()(
            read_phantoms(phantoms).mammograms, temporary, on_progress=on_progress
        )
        (temporary / STAMP).write_text(stamp.model_dump_json())


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
            f"{folder} holds something else than these phantoms as {stamp.layout}, and is left "
            "alone; name another folder"
        )
    return True
