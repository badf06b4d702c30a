"""Reads a data set for callers from elsewhere, who are not told where on this machine it lies."""

from collections.abc import Iterable
from pathlib import Path

from centre_node.mammography.datasets import DataFolders, read_dataset
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Reading
from node_api.data_sources import DatasetSource, MammogramFolder


def read_registered(source: DatasetSource, folders: DataFolders) -> Reading:
    """Read a data source.

    Raises:
        BadMammogramsError: It cannot be read. The message has no path above the node's folders.
    """
    if isinstance(source, MammogramFolder) and "\0" in source.folder:
        raise BadMammogramsError("the name of the folder holds a NUL character, as no folder's can")
    try:
        return read_dataset(source, folders)
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
