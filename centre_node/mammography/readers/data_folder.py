"""A data set's folder as all readers see it: which files are there and may be opened."""

from collections.abc import Callable, Iterator
from pathlib import Path

from centre_node.mammography.errors import BadMammogramsError

MISSING = "its file is missing"
OUTSIDE = "its file lies outside the folder"

OnFile = Callable[[], object]


def unheard() -> None:
    """Tell nobody."""


class DataFolder:
    """Finds files as people and machines leave them.

    Hidden files, such as the `._` companions and `.DS_Store` of a Mac, are not there. The ending of
    a name counts in any case of letters. A file that lies outside the folder, by its name or by a
    link, is never opened: neither a table that somebody else wrote nor a link in an archive may
    choose what a centre reads.
    """

    def __init__(self, path: Path, on_file: OnFile = unheard) -> None:
        """Take a folder.

        Args:
            on_file: Called before each file that is looked for; what it raises stops the reading.

        Raises:
            BadMammogramsError: There is no such folder.
        """
        check_folder(path)
        self.path = path
        self._on_file = on_file
        self._root = path.resolve()
        self._listed: dict[Path, dict[tuple[str, str], Path]] = {}

    def find(self, path: Path) -> Path | str:
        """Return a file as it is stored, or as text why it cannot be opened."""
        self._on_file()
        try:
            stored = path if path.is_file() else self._like(path)
            if stored is None:
                return MISSING
            return stored if stored.resolve().is_relative_to(self._root) else OUTSIDE
        except (OSError, RuntimeError, ValueError):  # no name of a file, or a loop of links
            return MISSING

    def named(self, name: str, below: Path | None = None) -> Path | str:
        """Return the file that a table names, as `find` does; backslashes separate folders too."""
        place = self.path if below is None else below
        found = self.find(place / name)
        return self.find(place / separated(name)) if found == MISSING and "\\" in name else found

    def opened(self, path: Path) -> Path:
        """Return a file that a data set cannot do without.

        Raises:
            BadMammogramsError: It lies outside the folder.
        """
        found = self.find(path)
        if found == OUTSIDE:
            raise BadMammogramsError(f"{path} lies outside the folder; a link leads there")
        return found if isinstance(found, Path) else path  # whoever opens it says that it is gone

    def below(self, place: Path, pattern: str, ending: str) -> list[Path]:
        """Return the visible files and links below a place that match, in their order.

        Args:
            pattern: As for `Path.glob`, for folders and names; the ending is told apart.
            ending: Such as .dcm, in any case of letters.
        """
        return sorted(
            path
            for path in place.glob(pattern)
            if path.suffix.lower() == ending and not is_hidden(path.relative_to(place))
        )

    def _like(self, path: Path) -> Path | None:
        """Return the file beside it whose name differs in the case of its ending only."""
        if path.parent not in self._listed:
            self._listed[path.parent] = {
                _key(other): other for other in _visible(path.parent) if other.is_file()
            }
        return self._listed[path.parent].get(_key(path))


def separated(name: str) -> str:
    """Return a name from a table with slashes between its folders, as Windows has none."""
    return name.replace("\\", "/")


def is_hidden(path: Path) -> bool:
    """Tell whether a file, or a folder on the way to it, is hidden."""
    return any(part.startswith(".") and part != ".." for part in path.parts)


def _visible(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from (path for path in sorted(place.iterdir()) if not is_hidden(Path(path.name)))


def _key(path: Path) -> tuple[str, str]:
    return path.stem, path.suffix.lower()


def check_folder(path: Path) -> None:
    """Check that a data set's folder is there.

    Raises:
        BadMammogramsError: It is not, or it is a file.
    """
    if path.is_file():
        raise BadMammogramsError(
            f"{path} is a file; name the folder that it lies in, {path.parent}"
        )
    if not path.is_dir():
        raise BadMammogramsError(f"there is no folder {path}")
