"""Where a hub keeps what it has, by its settings: database and files, here or elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from hub.data_folder import BLOBS, DATABASE, check_is_hub
from hub.database import open_database
from hub.reading import opened_for_reading
from hub.registry.shelves import Folder, Shelf
from hub.registry.stored_files import StoredFiles
from hub.settings import Settings
from shared.errors import CannotServeError
from shared.serving import check_writable
from shared.verbosity import note

# PostgreSQL's and S3's libraries are loaded where they are used alone.


def open_engine(settings: Settings, *, apart: bool = False) -> Engine:
    """Return an engine on the hub's database, which is made where there is none.

    Args:
        apart: Whether a child process migrates it; see `open_migrated`.

    Raises:
        CannotServeError: It cannot be used.
    """
    if settings.database_url is None:
        return open_database(settings.data_dir / DATABASE, apart=apart)
    from hub.postgres import open_postgres, read_url

    return open_postgres(read_url(settings.database_url.get_secret_value()), apart=apart)


def engine_of_hub(settings: Settings) -> Engine:
    """Return an engine for a command that changes something of a hub that is there.

    Raises:
        CannotServeError: The database cannot be used.
        NoHubError: There is no hub.
    """
    if settings.database_url is None:
        check_is_hub(settings.data_dir)
        check_writable(settings.data_dir)
        return open_engine(settings)
    from hub.postgres import check_has_hub, read_url

    check_has_hub(read_url(settings.database_url.get_secret_value()))
    return open_engine(settings)


def engine_of_any(settings: Settings) -> Engine:
    """Return an engine for a command that may be a hub's first.

    Raises:
        CannotServeError: The database cannot be used.
    """
    if settings.database_url is not None:
        return open_engine(settings)
    is_new = not (settings.data_dir / DATABASE).exists()
    check_writable(settings.data_dir)
    engine = open_engine(settings)
    if is_new:
        note(f"{settings.data_dir} held no hub; it is a new hub's folder now")
    return engine


@contextmanager
def engine_for_reading(settings: Settings, *, of_any_version: bool = False) -> Iterator[Engine]:
    """Give an engine that reads the database of a hub, which may serve meanwhile.

    Args:
        of_any_version: Whether SQLite's may have the tables of another version.

    Raises:
        CannotServeError: The database cannot be used.
        NoHubError: There is no hub.
        OtherTablesError: Another version of genshare made it.
    """
    if settings.database_url is None:
        with opened_for_reading(
            settings.data_dir / DATABASE, of_any_version=of_any_version
        ) as engine:
            yield engine
        return
    from hub.postgres import postgres_for_reading, read_url

    with postgres_for_reading(read_url(settings.database_url.get_secret_value())) as engine:
        yield engine


def open_shelf(
    settings: Settings,
    notes: StoredFiles,
    *,
    scratch: Path | None = None,
    clock: Callable[[], float] = time.time,
) -> Shelf:
    """Return where the hub's files lie.

    Args:
        scratch: A folder for copies; by default the system's.
        clock: Returns the Unix time.

    Raises:
        CannotServeError: The library for it is not installed.
    """
    if settings.files_url is None:
        return Folder(settings.data_dir / BLOBS, notes)
    try:
        from hub.registry.bucket import Bucket, BucketPlace
    except ImportError as error:
        raise CannotServeError(
            "HUB_FILES_URL needs a library that is not installed: pip install 'genshare[s3]'"
        ) from error
    secret = settings.s3_secret_access_key
    assert settings.s3_access_key_id is not None, "the settings were checked"
    assert secret is not None, "the settings were checked"
    place = BucketPlace(
        settings.files_url,
        str(settings.s3_endpoint) if settings.s3_endpoint else None,
        settings.s3_region,
        settings.s3_access_key_id,
        secret.get_secret_value(),
    )
    return Bucket(place, notes, scratch=scratch, clock=clock)


def name_of_hub(settings: Settings) -> str:
    """Return where the hub is, for people."""
    if settings.database_url is None:
        return str(settings.data_dir)
    from hub.postgres import name_of, read_url

    return name_of(read_url(settings.database_url.get_secret_value()))
