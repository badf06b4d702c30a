"""Reads a data set for callers from elsewhere, who are not told where on this machine it lies."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from centre_node.mammography.datasets import DataFolders, check_place, read_dataset
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.readers.data_folder import OnFile, unheard
from node_api.data_sources import DatasetSource, MammogramFolder


def read_registered(
    source: DatasetSource, folders: DataFolders, on_file: OnFile = unheard
) -> Reading:
    """Read a data source.

    Args:
        on_file: Called before each file that is looked for; what it raises stops the reading.

    Raises:
        BadMammogramsError: It cannot be read. The message has no path above the node's folders.
    """
    with _told_without_places(source, folders):
        return read_dataset(source, folders, on_file)


def check_registrable(source: DatasetSource, folders: DataFolders) -> None:
    """Check that a data source is there; nothing in it is read.

    Raises:
        BadMammogramsError: It is not. The message has no path above the node's folders.
    """
    with _told_without_places(source, folders):
        check_place(source, folders)


@contextmanager
def _told_without_places(source: DatasetSource, folders: DataFolders) -> Iterator[None]:
    if isinstance(source, MammogramFolder) and "\0" in source.folder:
        raise BadMammogramsError("the name of the folder holds a NUL character, as no folder's can")
    try:
        yield
    except BadMammogramsError as error:
        raise BadMammogramsError(without_places(str(error), places(folders))) from error
    except OSError as error:
        raise BadMammogramsError(f"the data set cannot be read: {error.strerror}") from error


def places(folders: DataFolders) -> tuple[Path, ...]:
    """Return the folders of a node whose paths are nobody's business."""
    given = (folders.mammograms, folders.lent, folders.phantoms)
    return tuple(folder for folder in given if folder is not None)


def without_places(sentence: str, hidden: Iterable[Path]) -> str:
    """Return a sentence whose paths start within the hidden folders, not above them."""
    forms = {form for place in hidden for form in (place, place.resolve())}
    for form in sorted(forms, key=lambda path: len(path.parts), reverse=True):
        if form.is_absolute() and form.name:
            sentence = sentence.replace(f"{form}/", "").replace(str(form), form.name)
    return sentence
