"""Tells by its files which data set a folder holds. Nothing is opened but the folder."""

from collections.abc import Callable
from pathlib import Path

from centre_node.mammography.errors import BadMammogramsError
from node_api.data_sources import FolderFormat


def recognised(folder: Path) -> FolderFormat:
    """Return the layout of a folder.

    Raises:
        BadMammogramsError: There is no such folder, or it has no layout that is known.
    """
    if not folder.is_dir():
        raise BadMammogramsError(f"there is no folder {folder}")
    for layout, (_, looks_like) in _LAYOUTS.items():
        if looks_like(folder):
            return layout
    known = "; ".join(f"{layout} has {what}" for layout, (what, _) in _LAYOUTS.items())
    raise BadMammogramsError(f"{folder} is no data set that is known: {known}")


def _has(*patterns: str) -> Callable[[Path], bool]:
    """Return whether a folder has a file for every pattern."""
    return lambda folder: all(any(folder.glob(pattern)) for pattern in patterns)


def _has_any(*patterns: str) -> Callable[[Path], bool]:
    """Return whether a folder has a file for one of the patterns."""
    return lambda folder: any(any(folder.glob(pattern)) for pattern in patterns)


_LAYOUTS: dict[FolderFormat, tuple[str, Callable[[Path], bool]]] = {
    "coco": ("annotations.coco.json", _has("annotations.coco.json")),
    "inbreast": ("AllDICOMs/ and INbreast.csv or INbreast.xls", _has("AllDICOMs", "INbreast.*")),
    "bcdr": ("bcdr_*.csv, there or one folder below", _has_any("bcdr_*.csv", "*/bcdr_*.csv")),
    "optimam": ("data/*/imagedb_*.json and images/", _has("data/*/imagedb_*.json", "images")),
    "cbis-ddsm": (
        "*_case_description_train_set.csv or ..._test_set.csv",
        _has("*_case_description_*_set.csv"),
    ),
    "mias": ("Info.txt and mdb*.pgm", _has("Info.txt", "mdb*.pgm")),
}
