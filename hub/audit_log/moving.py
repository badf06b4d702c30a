"""A whole hub as one file: for moving it to another machine."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from hub.audit_log.verification import Verification, Verifier
from hub.data_folder import BLOBS, DATABASE
from hub.database import opened_database
from hub.errors import HubChangedError, HubNotKeptError
from hub.reading import opened_for_reading
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

BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def export_hub(folder: Path, out: Path, *, on_bytes: OnBytes) -> int:
    """Write a hub's database, as it is at one moment, and the files of its versions to one file.

    The hub may serve meanwhile. What was uploaded and is of no version yet stays behind.

    Returns:
        How many files of versions there are.

    Raises:
        ArchiveRefusedError: Something is at `out`, or a stored file was changed.
        HubChangedError: The database cannot be read.
    """
    with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".hub-") as scratch:
        copy = Path(scratch) / DATABASE
        _copy_database(folder / DATABASE, copy)
        files = _files(copy)
        sources = [_source(folder, file) for file in files]
        write_archive(out, "genshare hub", [described(DATABASE, copy), *sources], on_bytes=on_bytes)
    return len(files)


def import_hub(
    archive: Path, folder: Path, *, on_bytes: OnBytes, on_progress: OnProgress
) -> Verification:
    """Unpack a hub to a folder that must be new or empty; it appears whole and checked, or not.

    Returns:
        What was checked, as `genshare hub verify` does.

    Raises:
        ArchiveRefusedError: The file is no archive of a hub, or was changed.
        HubChangedError: The hub in it is not as it was written.
        HubNotKeptError: Something is in the folder.
    """
    check_new(folder, HubNotKeptError)
    with whole_folder(folder) as temporary:
        contents = unpack_archive(archive, temporary, "genshare hub", on_bytes=on_bytes)
        _check_is_hub(contents, archive)
        (temporary / BLOBS).mkdir(exist_ok=True)
        with opened_database(temporary / DATABASE) as engine:
            found = Verifier(engine, temporary / BLOBS, on_progress=on_progress).verify()
        if found.faults:
            raise HubChangedError(f"{archive} is not taken in: {found.faults[0]}")
    return found


def _check_is_hub(contents: Contents, archive: Path) -> None:
    """Check what an archive holds before any of it is opened; SQLite would read files beside."""
    names = {file.name for file in contents.files}
    if DATABASE not in names:
        raise ArchiveRefusedError(f"{archive} holds no {DATABASE}")
    blobs = {_place(file.sha256) for file in contents.files}
    if others := names - blobs - {DATABASE}:
        raise ArchiveRefusedError(f"{archive} holds {min(others)}, which is of no hub")


def _copy_database(database: Path, copy: Path) -> None:
    """Copy a database at one moment, as it is; the same content makes the same bytes.

    Raises:
        HubChangedError: It cannot be read.
    """
    try:
        with (
            opened_for_reading(database, of_any_version=True) as engine,
            engine.connect() as connection,
        ):
            connection.exec_driver_sql("PRAGMA query_only=OFF")  # it counts the copy as a change
            connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", None) not in BROKEN:
            raise
        raise HubChangedError(f"{database} cannot be read: {error.orig}") from error
    with closing(sqlite3.connect(copy)) as copied, copied:
        copied.execute("PRAGMA schema_version = 1")  # or it would count the copies


def _files(copy: Path) -> list[ManifestFile]:
    """Return the files that the versions in a copied database have, each once."""
    with closing(sqlite3.connect(copy)) as database:
        manifests = [text for (text,) in database.execute("SELECT manifest FROM versions")]
    listed = [Manifest.model_validate_json(text).files for text in manifests]
    return list({file.sha256: file for files in listed for file in files}.values())


def _source(folder: Path, file: ManifestFile) -> Source:
    place = _place(file.sha256)
    member = Member(name=place, size_bytes=file.size_bytes, sha256=file.sha256)
    return Source(member, folder / place)


def _place(sha256: str) -> str:
    return f"{BLOBS}/{sha256[:2]}/{sha256}"
