"""Finished parts of an audit on disk, so that an interrupted one goes on and a second one is quick.

They lie in a folder named by the digest of all that they depend on.
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.files import write_whole

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Parts:
    """Parts of one audit."""

    folder: Path

    def kept(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        """Return a part that is there, or make and keep it."""
        path = self.folder / f"{name}.npz"
        if path.exists():
            with np.load(path, allow_pickle=False) as file:
                return {key: file[key] for key in file.files}
        made = make()
        content = io.BytesIO()
        np.savez_compressed(content, allow_pickle=False, **made)
        write_whole(path, lambda file: file.write(content.getvalue()))
        return made


def digest_of(*values: str | NDArray[Any]) -> str:
    """Return the SHA-256 of texts and arrays, in their order."""
    digest = hashlib.sha256()
    for value in values:
        if isinstance(value, str):
            digest.update(f"{len(value)}:{value}".encode())
        else:
            digest.update(f"{value.dtype}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).data)
    return digest.hexdigest()
