"""Finds the reader for a data source."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.layouts import LAYOUTS
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.readers.data_folder import OnFile, check_folder, unheard
from centre_node.mammography.readers.recognition import recognised
from node_api.data_sources import DatasetSource, FolderFormat, MammogramFolder, PhantomSet


@dataclass(frozen=True, slots=True)
class DataFolders:
    """Where a node's mammograms are.

    Attributes:
        mammograms: The centre's own, only read; None where the node has none.
        phantoms: Gets a folder for each set of phantoms that is written.
        lent: Holds a folder for each centre that lent its own, named after it; None where none did.
    """

    mammograms: Path | None
    phantoms: Path
    lent: Path | None = None

    def of_phantoms(self, phantoms: PhantomSet) -> Path:
        """Return where a written set of phantoms lies."""
        return self.phantoms / phantoms.digest()[:16]


def data_folders(
    data_dir: Path, mammograms_dir: Path | None, lent_dir: Path | None = None
) -> DataFolders:
    """Return the folders of a node that keeps what it writes in `data_dir`."""
    return DataFolders(mammograms_dir, data_dir / "phantoms", lent_dir)


def read_dataset(source: DatasetSource, folders: DataFolders, on_file: OnFile = unheard) -> Reading:
    """Read a data source.

    Args:
        on_file: Called before each file that is looked for; what it raises stops the reading.

    Raises:
        BadMammogramsError: No such folder, or one outside the node's mammograms folder, or
            unusable, or phantoms that were not written yet.
    """
    if isinstance(source, MammogramFolder):
        return read_folder(_place(source, folders), source.format, source.where, on_file)
    if source.written_as is None:
        # Here, not above: phantoms need an array library, which folders do without.
        from centre_node.mammography.phantoms import read_phantoms

        return read_phantoms(source)
    reading = read_folder(_written(source, folders), source.written_as, {}, on_file)
    # Not the folder's: eight digits in a row of its digest look like the number of a patient.
    return replace(reading, name=f"{source.style} phantoms")


def check_place(source: DatasetSource, folders: DataFolders) -> None:
    """Check that a data source is where it is said to be; nothing in it is read.

    Raises:
        BadMammogramsError: It is not.
    """
    if isinstance(source, MammogramFolder):
        check_folder(_place(source, folders))
    elif source.written_as is not None:
        _written(source, folders)


def read_folder(
    folder: Path,
    layout: Literal[FolderFormat, "auto"],
    where: Mapping[str, str],
    on_file: OnFile = unheard,
) -> Reading:
    """Read a data set; the layout `auto` is recognised by its files.

    Raises:
        BadMammogramsError: There is no such folder, or it cannot be used.
    """
    found = recognised(folder) if layout == "auto" else layout
    read = LAYOUTS[found].reader()
    return replace(read(folder, where, on_file), folder=folder.resolve())


def _written(source: PhantomSet, folders: DataFolders) -> Path:
    folder = folders.of_phantoms(source)
    if not folder.is_dir():
        raise BadMammogramsError(
            f"these phantoms are to be read as {source.written_as}, but are not written yet; "
            "start a write_phantoms job first"
        )
    return folder


def _place(source: MammogramFolder, folders: DataFolders) -> Path:
    if source.lent_by is None:
        return _inside(source.folder, folders.mammograms)
    if folders.lent is None or not (folders.lent / source.lent_by).is_dir():
        raise BadMammogramsError(
            f"no mammograms of {source.lent_by!r} lie at this node; start it with --lent-dir, a "
            "folder that holds a folder of that name"
        )
    return _inside(source.folder, folders.lent / source.lent_by)


def _inside(name: str, mammograms: Path | None) -> Path:
    if mammograms is None:
        raise BadMammogramsError(
            f"this node has no mammograms folder, so {name!r} cannot be read; "
            "start it with --mammograms-dir"
        )
    try:
        folder = (mammograms / name).resolve()
    except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError
        raise BadMammogramsError(f"the folder {name!r} leads nowhere") from error
    if not folder.is_relative_to(mammograms.resolve()):
        raise BadMammogramsError(f"the folder {name!r} is outside the mammograms folder")
    return folder
