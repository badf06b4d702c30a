"""Files of synthetic or painted patches that studies share, each with the digest of its content."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from centre_node.study.errors import SamplesAlteredError
from shared.files import write_text
from shared.models import StrictModel
from shared.names import Digest, Pathology
from shared.packages import sha256_of

log = logging.getLogger(__name__)

NOTE = ".sha256"


class StoredSamples(StrictModel):
    """A file of patches in a study's folder.

    Attributes:
        file: Relative to the folder.
        recipe_digest: SHA-256 of all that the patches depend on.
        sha256: Of the file.
        classes: Of the patches, by turns; none where all are lesions of whatever kind.
    """

    file: str
    recipe_digest: Digest
    sha256: Digest
    classes: tuple[Pathology, ...] = ()


def kept_samples(
    folder: Path, path: Path, *, recipe_digest: str, make: Callable[[], None]
) -> StoredSamples:
    """Return the file at `path`, made anew where it is not there or not as it was written.

    Args:
        folder: The study's.
        make: Writes the file, always the same.
    """
    note = path.with_suffix(NOTE)
    if not _is_as_written(path, note):
        path.parent.mkdir(exist_ok=True)
        note.unlink(missing_ok=True)
        make()
        write_text(note, sha256_of(path))
    return StoredSamples(
        file=str(path.relative_to(folder)), recipe_digest=recipe_digest, sha256=note.read_text()
    )


def read_samples(folder: Path, samples: StoredSamples) -> NDArray[np.uint8]:
    """Return patches, shape (n, size, size), mapped from disk.

    Raises:
        SamplesAlteredError: The file is not there or not what it was.
    """
    path = folder / samples.file
    if not path.is_file() or sha256_of(path) != samples.sha256:
        raise SamplesAlteredError(
            f"{path} is not what it was when the study was made ready: its SHA-256 should be "
            f"{samples.sha256}"
        )
    found: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    return found


def _is_as_written(path: Path, note: Path) -> bool:
    if not (path.is_file() and note.is_file()):
        return False
    if sha256_of(path) == note.read_text():
        return True
    log.warning("%s was altered after it was written; its patches are made anew", path)
    return False
