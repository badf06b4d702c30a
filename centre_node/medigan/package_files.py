"""A medigan package's weight file, from its folder or zip. None of its code is run or imported."""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from centre_node.medigan.errors import MediganPackageError
from shared.counts import counted
from shared.files import full_disk_named

MOST_FILES = 1000
LARGEST_PACKAGE_BYTES = 4 << 30
LARGEST_METADATA_BYTES = 4 << 20
LARGEST_RATIO = 100
"""Weights shrink by a tenth in a zip; what shrinks so much is made to fill a disk."""

METADATA = "metadata.json"
COPY = "weights.pickled"
LONGEST_START = 512
ZIP_START, PICKLE_STARTS = b"PK\x03\x04", (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
ZIP_NAME_OFFSET = 30
SYSTEM_UNIX = 3


@dataclass(frozen=True, slots=True)
class PackageFiles:
    """What is read of a package: a copy of its weight file, and its own metadata if it has any."""

    weights: Path
    weights_name: str
    metadata: bytes | None


class _Entry(NamedTuple):
    """A file of the package, in a folder or a zip alike."""

    name: str
    size_bytes: int
    open: Callable[[], IO[bytes]]


def read_package(package: Path, scratch: Path) -> PackageFiles:
    """Copy the weight file of a package into `scratch`, under a name of our own.

    Args:
        package: A folder, a zip, or the weight file itself.
        scratch: An empty folder.

    Raises:
        MediganPackageError: There is no such package, it has no or several weight files, is
            larger than allowed, or is a zip that is damaged, encrypted or names a file outside.
        OutOfSpaceError: The copy does not fit the disk.
    """
    with _faults_named(package):
        if package.is_dir():
            return _chosen(package, _folder_entries(package), scratch)
        alone = _Entry(package.name, package.stat().st_size, partial(_opened, package))
        if _is_pickled(alone):
            return _chosen(package, [alone], scratch)
        with zipfile.ZipFile(package) as archive:
            entries = _zip_entries(package, archive)
            _check_ratio(package, entries)
            return _chosen(package, entries, scratch)


@contextmanager
def _faults_named(package: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise MediganPackageError(
            f"{package} is no readable package: neither a folder nor an intact zip"
        ) from error
    except OSError as error:
        raise MediganPackageError(f"{package} cannot be read: {error.strerror}") from error


def _folder_entries(folder: Path) -> list[_Entry]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        _Entry(path.relative_to(folder).as_posix(), path.stat().st_size, partial(_opened, path))
        for path in files
    ]


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _zip_entries(package: Path, archive: zipfile.ZipFile) -> list[_Entry]:
    for file in archive.infolist():
        _check_zip_entry(package, file)
    return [
        _Entry(file.filename, file.file_size, partial(archive.open, file))
        for file in archive.infolist()
        if not file.is_dir()
    ]


def _check_zip_entry(package: Path, file: zipfile.ZipInfo) -> None:
    path = PurePosixPath(file.filename)
    drive = ":" in file.filename.partition("/")[0]
    outside = path.is_absolute() or ".." in path.parts or "\\" in file.filename or drive
    if outside or not path.parts:
        raise MediganPackageError(
            f"the zip {package.name} names {_shown(file.filename)}, which is no path inside it"
        )
    mode = file.external_attr >> 16 if file.create_system == SYSTEM_UNIX else 0
    if stat.S_ISLNK(mode):
        raise MediganPackageError(f"{_shown(file.filename)} in the zip {package.name} is a link")
    if file.flag_bits & 1:
        raise MediganPackageError(f"{_shown(file.filename)} in the zip {package.name} is encrypted")


def _chosen(package: Path, entries: Sequence[_Entry], scratch: Path) -> PackageFiles:
    _check_sizes(package, entries)
    pickled = [entry for entry in entries if _is_pickled(entry)]
    if len(pickled) != 1:
        names = ", ".join(_shown(entry.name) for entry in pickled[:4])
        raise MediganPackageError(
            f"{package} holds {len(pickled) or 'no'} weight files of PyTorch"
            f"{f' ({names})' if names else ''} among {counted(len(entries), 'file')}; exactly one "
            "is expected"
        )
    with (
        full_disk_named(scratch),  # it is not the package that cannot be read then
        pickled[0].open() as source,
        (scratch / COPY).open("wb") as target,
    ):
        shutil.copyfileobj(source, target)
    name = _shown(PurePosixPath(pickled[0].name).name).strip("'")
    return PackageFiles(scratch / COPY, name, _metadata(entries))


def _check_sizes(package: Path, entries: Sequence[_Entry]) -> None:
    if len(entries) > MOST_FILES:
        raise MediganPackageError(
            f"{package} holds {len(entries)} files; a package has at most {MOST_FILES}"
        )
    size = sum(entry.size_bytes for entry in entries)
    if size > LARGEST_PACKAGE_BYTES:
        raise MediganPackageError(
            f"{package} holds {size} bytes; a package has at most {LARGEST_PACKAGE_BYTES}"
        )


def _check_ratio(package: Path, entries: Sequence[_Entry]) -> None:
    packed, size = package.stat().st_size, sum(entry.size_bytes for entry in entries)
    if size > LARGEST_RATIO * packed:
        raise MediganPackageError(
            f"the zip {package.name} has {packed} bytes and would unpack to {size}"
        )


def _is_pickled(entry: _Entry) -> bool:
    """Tell by its first bytes whether a file is PyTorch's: a bare pickle, or a zip around one."""
    with entry.open() as file:
        start = file.read(LONGEST_START)
    name_end = ZIP_NAME_OFFSET + int.from_bytes(start[26:28], "little")
    in_a_zip = start.startswith(ZIP_START) and start[:name_end].endswith(b"/data.pkl")
    return in_a_zip or start.startswith(PICKLE_STARTS)


def _metadata(entries: Sequence[_Entry]) -> bytes | None:
    """Return the content of the one metadata.json of a package; None without one."""
    found = [entry for entry in entries if PurePosixPath(entry.name).name == METADATA]
    if len(found) != 1 or found[0].size_bytes > LARGEST_METADATA_BYTES:
        return None
    with found[0].open() as file:
        return file.read()


def _shown(name: str) -> str:
    """Return a stranger's file name so that no log or terminal is harmed by it."""
    return ascii(name[:80])
