"""Tells by its files which data set a folder holds, or what it nearly is."""

from collections.abc import Iterator
from pathlib import Path

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.layouts import LAYOUTS
from centre_node.mammography.readers.data_folder import check_folder
from node_api.data_sources import FolderFormat

_MOST_FOLDERS_SEEN = 200  # more are patients, and looking into each takes time
_MOST_FOLDERS_NAMED = 3


def recognised(folder: Path) -> FolderFormat:
    """Return the layout of a folder.

    Raises:
        BadMammogramsError: There is no such folder, or it has no layout that is known. The message
            says what is nearly right.
    """
    check_folder(folder)
    layout = _layout(folder)
    if layout is not None:
        return layout
    known = "; ".join(f"{name} has {layout.marks.words}" for name, layout in LAYOUTS.items())
    nearly = next(_near_misses(folder), None)
    but = "" if nearly is None else f", but {nearly}; known are"
    raise BadMammogramsError(f"{folder} is no data set that is known{but}: {known}")


def _layout(folder: Path) -> FolderFormat | None:
    return next((name for name, layout in LAYOUTS.items() if layout.marks.found(folder)), None)


def _near_misses(folder: Path) -> Iterator[str]:
    """Yield what is nearly right; copies under other names come before what lies one below."""
    for name, layout in LAYOUTS.items():
        words = layout.marks.near_miss(folder)
        if words is not None and name != "table":
            yield f"nearly {name}: {words}"
    yield from _below(folder)
    words = LAYOUTS["table"].marks.near_miss(folder)
    if words is not None:
        yield words


def _below(folder: Path) -> Iterator[str]:
    """Yield the folders below that are data sets; many may be named after patients."""
    below = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    if len(below) > _MOST_FOLDERS_SEEN:
        return
    found = [(path.name, layout) for path in below if (layout := _layout(path)) is not None]
    if len(found) > _MOST_FOLDERS_NAMED:
        yield f"{len(found)} folders in it are data sets: name one of them"
    elif found:
        looks = " and ".join(f"{name}/ below it looks like {layout}" for name, layout in found)
        yield f"{looks}: name that folder"
