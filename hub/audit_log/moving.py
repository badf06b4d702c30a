"""A whole hub as one file: for moving it to another machine."""

import sqlite3
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from hub.audit_log.copying import check_empty, copy_tables, copy_to_file
from hub.audit_log.verification import Verification, Verifier
from hub.data_folder import BLOBS, DATABASE
from hub.database import opened_database
from hub.errors import HubChangedError, HubNotKeptError
from hub.keeping import engine_for_reading, name_of_hub, open_engine, open_shelf
from hub.registry.shelves import Folder, Shelf
from hub.registry.stored_files import StoredFiles
from hub.settings import Settings
from shared.archives import (
    Contents,
    Member,
    OnBytes,
    Source,
    described,
    unpack_archive,
    write_archive,
)
from shared.errors import ArchiveRefusedError
from shared.files import check_new, whole_folder
from shared.packages import Manifest, ManifestFile
from shared.progress import OnProgress


def export_hub(settings: Settings, out: Path, *, on_bytes: OnBytes) -> int:
    """Write a hub's database, as it is at one moment, and the files of its versions to one file.

    The hub may serve meanwhile. What was uploaded and is of no version yet stays behind.

    Returns:
        How many files of versions there are.

    Raises:
        ArchiveRefusedError: Something is at `out`, or a stored file was changed.
        HubChangedError: The database cannot be read.
        BlobNotFoundError: A stored file is missing.
        NoHubError: There is no hub.
    """
    with engine_for_reading(settings, of_any_version=True) as engine:
        shelf = open_shelf(settings, StoredFiles(engine))
        with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".hub-") as scratch:
            copy = Path(scratch) / DATABASE
            copy_to_file(engine, copy, name=str(settings.data_dir / DATABASE))
            files = _files(copy)
            sources = [described(DATABASE, copy), *(_source(shelf, file) for file in files)]
            write_archive(out, "genshare hub", sources, on_bytes=on_bytes)
    return len(files)


def import_hub(
    archive: Path, settings: Settings, *, on_bytes: OnBytes, on_progress: OnProgress
) -> Verification:
    """Take a hub in to where the settings say, which must be new or empty.

    Everything is unpacked to a folder and checked there, then brought to where it stays. Database
    or folder appear whole, or not.

    Returns:
        What was checked, as `genshare hub verify` does.

    Raises:
        ArchiveRefusedError: The file is no archive of a hub, or was changed.
        HubChangedError: The hub in it is not as it was written.
        HubNotKeptError: Something is where the hub would be.
    """
    folder = settings.data_dir
    if settings.database_url is None:
        check_new(folder, HubNotKeptError)
        with whole_folder(folder) as temporary:
            found = _unpacked(archive, temporary, on_bytes, on_progress)
            if settings.files_url is not None:
                with opened_database(temporary / DATABASE) as engine:
                    _bring_files(temporary / BLOBS, settings, engine)
        return found
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".import-") as scratch:
        found = _unpacked(archive, Path(scratch), on_bytes, on_progress)
        _bring_all(Path(scratch), settings)
    return found


def _unpacked(
    archive: Path, folder: Path, on_bytes: OnBytes, on_progress: OnProgress
) -> Verification:
    """Unpack a hub, with its database and files in the folder, and check it."""
    contents = unpack_archive(archive, folder, "genshare hub", on_bytes=on_bytes)
    _check_is_hub(contents, archive)
    (folder / BLOBS).mkdir(exist_ok=True)
    with opened_database(folder / DATABASE) as engine:
        shelf = Folder(folder / BLOBS, StoredFiles(engine))
        found = Verifier(engine, shelf, on_progress=on_progress).verify()
    if found.faults:
        raise HubChangedError(f"{archive} is not taken in: {found.faults[0]}")
    return found


def _bring_all(unpacked: Path, settings: Settings) -> None:
    """Bring files, then tables, to where they stay: no version lacks a file."""
    target = open_engine(settings)
    try:
        with target.connect() as connection:
            check_empty(connection, name_of_hub(settings))
        _bring_files(unpacked / BLOBS, settings, target)
        with opened_database(unpacked / DATABASE) as source:
            copy_tables(source, target, name=name_of_hub(settings))
    finally:
        target.dispose()


def _bring_files(blobs: Path, settings: Settings, engine: Engine) -> None:
    shelf = open_shelf(settings, StoredFiles(engine))
    shelf.begin()
    for path in sorted(blobs.glob("??/*")):
        shelf.bring(path, path.name)
        shelf.put_in_place(path, path.name)
        path.unlink()


def _check_is_hub(contents: Contents, archive: Path) -> None:
    """Check what an archive holds before any of it is opened; SQLite would read files beside."""
    names = {file.name for file in contents.files}
    if DATABASE not in names:
        raise ArchiveRefusedError(f"{archive} holds no {DATABASE}")
    blobs = {_place(file.sha256) for file in contents.files}
    if others := names - blobs - {DATABASE}:
        raise ArchiveRefusedError(f"{archive} holds {min(others)}, which is of no hub")


def _files(copy: Path) -> list[ManifestFile]:
    """Return the files that the versions in a copied database have, each once."""
    with closing(sqlite3.connect(copy)) as database:
        manifests = [text for (text,) in database.execute("SELECT manifest FROM versions")]
    listed = [Manifest.model_validate_json(text).files for text in manifests]
    return list({file.sha256: file for files in listed for file in files}.values())


def _source(shelf: Shelf, file: ManifestFile) -> Source:
    member = Member(name=_place(file.sha256), size_bytes=file.size_bytes, sha256=file.sha256)
    return Source(member, partial(shelf.local, file.sha256), shelf.place(file.sha256))


def _place(sha256: str) -> str:
    return f"{BLOBS}/{sha256[:2]}/{sha256}"
