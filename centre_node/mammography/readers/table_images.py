"""Finds the image that a cell names among the files of a folder."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from centre_node.mammography.errors import BadImageError
from centre_node.mammography.image_files import (
    DICOM_ENDINGS,
    RASTER_ENDINGS,
    is_dicom,
    is_image,
    read_head,
)
from centre_node.mammography.readers.data_folder import MISSING, OUTSIDE, is_hidden

SEVERAL = "several files have its image's name"

_UID = re.compile(r"\d+(?:\.\d+)+")


class FolderImages:
    """The images of a folder and of those below it, by name.

    A name counts with or without its ending and in any case. A cell's folders, of either kind of
    slash, must agree with the file's from the end on, as far as both go; where none agrees, a name
    that is unique in the folder and in the table is enough.
    """

    def __init__(self, folder: Path, cells: Iterable[str]) -> None:
        self._folder = folder
        self._root = folder.resolve()
        self.paths = sorted(path for path in folder.rglob("*") if _is_visible_image(path, folder))
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        for path in self.paths:
            self._by_name[_bare(path.name)].append(path)
        self._folders_in_table: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for cell in cells:
            folders, name = _split(cell)
            self._folders_in_table[_bare(name)].add(folders)

    def find(self, cell: str, near: Collection[str]) -> tuple[Path | None, str]:
        """Return the image that a cell names, or why there is none.

        Args:
            near: Names of folders that tell files of one name apart, such as the patient's.
        """
        folders, name = _split(cell)
        if ".." in folders:
            return None, OUTSIDE
        found = list(self._narrowed(folders, name, near)) or self._of_uid(name)
        if len(found) != 1:
            return None, SEVERAL if found else MISSING
        if not found[0].resolve().is_relative_to(self._root):
            return None, OUTSIDE
        return found[0], ""

    def _narrowed(
        self, folders: tuple[str, ...], name: str, near: Collection[str]
    ) -> Iterable[Path]:
        named = self._by_name.get(_bare(name), [])
        agreeing = [path for path in named if self._agrees(path, folders)]
        if not agreeing and len(named) == len(self._folders_in_table[_bare(name)]) == 1:
            agreeing = named
        for choose in (
            lambda path: path.name == name,
            lambda path: path.name.lower() == name.lower(),
            lambda path: len(self._folders_of(path)) >= len(folders),
            lambda path: not self._folders_of(path).isdisjoint(map(str.lower, near)),
            is_dicom,  # boxes are in pixels of what others are made of
        ):
            if len(agreeing) > 1:
                agreeing = [path for path in agreeing if choose(path)] or agreeing
        return agreeing

    def _agrees(self, path: Path, folders: tuple[str, ...]) -> bool:
        own = self._parents(path)
        return all(a == b for a, b in zip(reversed(own), reversed(folders), strict=False))

    def _parents(self, path: Path) -> tuple[str, ...]:
        return tuple(part.lower() for part in path.relative_to(self._folder).parent.parts)

    def _folders_of(self, path: Path) -> set[str]:
        return set(self._parents(path))

    def _of_uid(self, name: str) -> list[Path]:
        uid = _bare(name)
        return self._by_uid.get(uid, []) if _UID.fullmatch(uid) else []

    @cached_property
    def _by_uid(self) -> dict[str, list[Path]]:
        """The DICOM files by SOP instance UID; every header is read, where a name is not found."""
        found: dict[str, list[Path]] = defaultdict(list)
        for path in self.paths:
            if is_dicom(path):
                found[_uid(path)].append(path)
        return found


def _uid(path: Path) -> str:
    try:
        header = read_head(path).dicom
    except BadImageError:
        header = None  # no row finds it
    return (header.sop_instance_uid if header else None) or ""


def _is_visible_image(path: Path, folder: Path) -> bool:
    return not is_hidden(path.relative_to(folder)) and path.is_file() and is_image(path)


def _split(cell: str) -> tuple[tuple[str, ...], str]:
    """Return a cell's folders, in lower case, and its file name."""
    parts = PurePosixPath(cell.replace("\\", "/")).parts
    folders = tuple(part.lower() for part in parts[:-1] if part != "/")
    return folders, parts[-1] if parts else ""


def _bare(name: str) -> str:
    """Return a file's name in lower case without the endings of images."""
    bare = name.lower()
    while True:
        ending = next(_endings_of(bare), "")
        if not ending:
            return bare
        bare = bare.removesuffix(ending)


def _endings_of(name: str) -> Iterator[str]:
    return (ending for ending in (*RASTER_ENDINGS, *DICOM_ENDINGS) if name.endswith(ending))
