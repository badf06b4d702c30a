"""The tensors of a pickled PyTorch file. No code that the file names is run."""

import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import torch
from torch import Tensor

from centre_node.medigan.errors import MediganPackageError

GENERATOR, DISCRIMINATOR = "generator", "discriminator"
CODE = re.compile(r"GLOBAL (\w[\w.]*)")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a generator, and of the discriminator beside it if the file has one.

    `left_behind` names what else the file holds: optimisers and the like.
    """

    generator: Mapping[str, Tensor]
    discriminator: Mapping[str, Tensor] | None
    left_behind: tuple[str, ...]


def read_checkpoint(path: Path, name: str) -> Checkpoint:
    """Read a file's tensors with PyTorch's weights-only loader.

    Args:
        path: The file.
        name: What the user knows it as.

    Raises:
        MediganPackageError: It is damaged, asks for code, or holds no generator.
    """
    match _content(path, name):
        case {"generator": generator, **others} if _is_state(generator):
            beside = others.get(DISCRIMINATOR)
            discriminator = beside if _is_state(beside) else None
            names = tuple(sorted(ascii(key).strip("'")[:40] for key in others))
            return Checkpoint(generator, discriminator, names)
        case state if _is_state(state):
            return Checkpoint(state, None, ())
        case dict(content):
            keys = ", ".join(ascii(str(key)[:40]) for key in list(content)[:6])
            raise MediganPackageError(
                f"{name} holds {keys or 'nothing'}, but neither {GENERATOR!r} nor a network's "
                "tensors alone"
            )
        case other:
            raise MediganPackageError(
                f"{name} holds one {type(other).__name__} instead of a network's tensors"
            )


def _content(path: Path, name: str) -> Any:
    try:
        in_a_zip = zipfile.is_zipfile(path)
        if in_a_zip:
            _check_parts(path, name)
        return _loaded(path, in_a_zip=in_a_zip)
    except MediganPackageError:
        raise
    except Exception as error:  # zipfile and torch raise a dozen kinds for a broken file
        code = CODE.search(str(error))
        if code is not None:
            raise MediganPackageError(
                f"{name} asks for the Python code {code[1]}; only tensors are read from a package"
            ) from error
        raise MediganPackageError(
            f"{name} is no readable weight file of PyTorch: it is truncated, damaged, or another "
            "kind of pickle"
        ) from error


def _loaded(path: Path, *, in_a_zip: bool) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch thinks of a stranger's pickle
        # Mapped: an optimiser's state, which is most of a file, takes no memory.
        return torch.load(path, map_location="cpu", weights_only=True, mmap=in_a_zip)


def _check_parts(path: Path, name: str) -> None:
    """Check sizes, then read every part, since torch itself does not notice a flipped bit."""
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
        if size > path.stat().st_size:
            raise MediganPackageError(
                f"{name} has {path.stat().st_size} bytes and would unpack to {size}; PyTorch's "
                "files are not compressed"
            )
        if archive.testzip() is not None:
            raise MediganPackageError(f"{name} is damaged: a checksum in it is wrong")


def _is_state(value: object) -> TypeGuard[Mapping[str, Tensor]]:
    """Tell whether a value is what a network's `state_dict` gives."""
    return (
        isinstance(value, Mapping)
        and len(value) > 0
        and all(isinstance(k, str) and isinstance(v, Tensor) for k, v in value.items())
    )
