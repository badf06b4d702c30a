"""What tells that a folder is a data set of some layout, and what is nearly so."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

from centre_node.mammography.readers.data_folder import is_hidden


class Marks(Protocol):
    """What a folder of a layout is known by."""

    @property
    def words(self) -> str:
        """What such a folder has."""

    def found(self, folder: Path) -> bool:
        """Tell whether a folder has them."""

    def near_miss(self, folder: Path) -> str | None:
        """Say what is nearly right, as what follows a "but"; None where nothing is."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Files that a copy of a data set has where its publishers have others.

    Attributes:
        patterns: All must be there.
        words: What that is and what to do.
    """

    patterns: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class FileMarks:
    """Names of files and folders. Nothing is opened.

    A pattern is one of `glob`; of several with " | " between one is enough. Endings count in any
    case, and hidden files do not.

    Attributes:
        telling: Must all be there; one of them alone is nearly the layout.
        besides: Must be there too, but many other folders have them.
    """

    words: str
    telling: tuple[str, ...]
    besides: tuple[str, ...] = ()
    near: tuple[NearMiss, ...] = ()

    def found(self, folder: Path) -> bool:
        """Tell whether a folder has them."""
        return all(_is_there(folder, pattern) for pattern in (*self.telling, *self.besides))

    def near_miss(self, folder: Path) -> str | None:
        """Say which of several are there and which are not, or that only the case differs."""
        for near in self.near:
            if all(_is_there(folder, pattern) for pattern in near.patterns):
                return near.words
        needed = (*self.telling, *self.besides)
        missing = [pattern for pattern in needed if not _is_there(folder, pattern)]
        astray = [pattern for pattern in missing if _is_there_in_any_case(folder, pattern)]
        if not any(pattern in astray or pattern not in missing for pattern in self.telling):
            return None
        if astray == missing:
            return (
                f"{_listed(astray)} is there only with other capitals: rename the files as written"
            )
        there = [pattern for pattern in needed if pattern not in missing or pattern in astray]
        gone = [pattern for pattern in missing if pattern not in astray]
        return f"it has {_listed(there)} and lacks {_listed(gone)}"


def _is_there(folder: Path, pattern: str) -> bool:
    return any(_matches(folder, one.split("/"), _like_ending) for one in pattern.split(" | "))


def _is_there_in_any_case(folder: Path, pattern: str) -> bool:
    return any(_matches(folder, one.split("/"), str.lower) for one in pattern.split(" | "))


def _matches(folder: Path, parts: list[str], compared: Callable[[str], str]) -> bool:
    places = [folder]
    for part in parts:
        below = (child for place in places for child in _children(place))
        places = [
            child
            for child in below
            if not is_hidden(Path(child.name)) and fnmatchcase(compared(child.name), compared(part))
        ]
    return bool(places)


def _children(place: Path) -> list[Path]:
    try:
        return list(place.iterdir())
    except OSError:
        return []  # a file, or a folder that may not be looked into, holds no mark


def _like_ending(name: str) -> str:
    """Return a name whose ending is in lower case, for readers take endings in any case."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem}{dot}{ending.lower()}" if dot else name


def _listed(patterns: Iterable[str]) -> str:
    return " and ".join(pattern.replace(" | ", " or ") for pattern in patterns)
