"""A generator package as one file: for a disk that is carried to a site without a network."""

from dataclasses import replace
from pathlib import Path

from shared.archives import Source, described, unpack_archive, write_archive
from shared.errors import ArchiveRefusedError, PackageNotKeptError
from shared.files import check_new, whole_folder
from shared.packages import BESIDE, MANIFEST, Package, open_package
from shared.weights import inspect_weights


def export_package(folder: Path, out: Path) -> Package:
    """Write a package, with what is stated and signed of it, to one file.

    Nothing else of the folder travels.

    Raises:
        PackageError: The folder holds no whole package, or one that was changed.
        ArchiveRefusedError: Something is at `out`.
    """
    package = open_package(folder)
    names = [MANIFEST, *(file.name for file in package.files)]
    names += [name for name in BESIDE if (folder / name).is_file()]
    write_archive(out, "genshare package", [_source(folder, name) for name in names])
    return package


def import_package(archive: Path, folder: Path) -> Package:
    """Unpack a package to a folder that must not exist; it appears whole and checked, or not.

    Raises:
        ArchiveRefusedError: The file is no archive of a package, or was changed.
        PackageError: What is in it is no package, or its weights are not what the card declares.
        PackageNotKeptError: Something is in the folder.
    """
    check_new(folder, PackageNotKeptError)
    with whole_folder(folder) as temporary:
        contents = unpack_archive(archive, temporary, "genshare package")
        package = open_package(temporary)
        known = {MANIFEST, *BESIDE, *(file.name for file in package.files)}
        if others := {file.name for file in contents.files} - known:
            raise ArchiveRefusedError(f"{archive} holds {min(others)}, which is of no package")
        for file in package.weights:
            inspect_weights(temporary / file.name, package.card.architecture.generator_tensors())
    return replace(package, folder=folder)


def _source(folder: Path, name: str) -> Source:
    return described(name, folder / name)
