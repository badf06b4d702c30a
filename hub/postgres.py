"""Opens a hub's database in PostgreSQL; what keeps it from being opened is one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from hub.database import MIGRATIONS
from hub.dialects import POSTGRES, take_write_lock
from hub.reading import check_tables
from shared.errors import CannotServeError
from shared.sqlite_files import is_current, migrate, run_apart

OPTIONS = {
    "timezone": "UTC",
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",  # or a replica that hangs would stop the others
}
CONNECTING = {
    "application_name": "genshare hub",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
KEPT_OPEN, MORE_AT_MOST, WAIT_SECONDS = 5, 15, 10.0


def read_url(text: str) -> URL:
    """Return the address of a database.

    Raises:
        CannotServeError: It is none of a database in PostgreSQL. It is not repeated: it may hold a
            password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in {POSTGRES, "postgres"} or not url.database:
        raise CannotServeError(
            "HUB_DATABASE_URL must be such as postgresql://hub:PASSWORD@db.example.org/hub; write "
            "signs of the password as in a URL, @ as %40"
        )
    return url.set(drivername=f"{POSTGRES}+psycopg")


def open_postgres(url: URL, *, apart: bool = False) -> Engine:
    """Return an engine on a migrated database, whose tables are made where there are none.

    Connections that broke are made anew, so that a database that went away and came back is used
    on.

    Args:
        apart: Whether a child process migrates it; see `open_migrated`.

    Raises:
        CannotServeError: It does not answer, does not let the hub in, or is of another version.
    """
    if apart:
        run_apart(_migrate_and_close, url)
    engine = connected(url)
    try:
        with engine.begin() as connection:
            take_write_lock(connection)  # two replicas may start at once
            if not is_current(connection, MIGRATIONS):
                migrate(connection, MIGRATIONS, name_of(url))
    except DBAPIError as error:
        engine.dispose()
        raise cannot_open(url, error) from None
    except BaseException:
        engine.dispose()
        raise
    return engine


def _migrate_and_close(url: URL) -> None:
    with suppress(CannotServeError):  # the parent meets the same, and tells of it
        open_postgres(url).dispose()


def check_has_hub(url: URL) -> None:
    """Check that a database is a hub's, of whatever version; nothing is written.

    Raises:
        CannotServeError: It does not answer, or does not let the hub in.
        NoHubError: It is none.
    """
    with postgres_for_reading(url, of_any_version=True):
        pass


@contextmanager
def postgres_for_reading(url: URL, *, of_any_version: bool = False) -> Iterator[Engine]:
    """Give an engine that can read a hub's database, which hubs may serve meanwhile.

    Args:
        of_any_version: Whether it may have the tables of an earlier version, or of a later one.

    Raises:
        CannotServeError: It does not answer, or does not let the hub in.
        NoHubError: It is none.
        OtherTablesError: It may not, and another version of genshare made it.
    """
    engine = connected(url, read_only=True)
    try:
        try:
            with engine.connect() as connection:
                check_tables(connection, name_of(url), of_any_version=of_any_version)
        except DBAPIError as error:
            raise cannot_open(url, error) from None
        yield engine
    finally:
        engine.dispose()


def connected(url: URL, *, read_only: bool = False) -> Engine:
    """Return an engine; nothing is asked of the database yet.

    Raises:
        CannotServeError: The library for it is not installed.
    """
    options = {**OPTIONS, **({"default_transaction_read_only": "on"} if read_only else {})}
    settings = " ".join(f"-c {name}={value}" for name, value in options.items())
    try:
        return create_engine(
            url,
            hide_parameters=True,  # an error names them otherwise, a token among them
            pool_size=KEPT_OPEN,
            max_overflow=MORE_AT_MOST,
            pool_timeout=WAIT_SECONDS,
            pool_pre_ping=True,
            connect_args={**CONNECTING, "options": settings},
        )
    except ImportError as error:
        raise CannotServeError(
            "HUB_DATABASE_URL needs a library that is not installed: pip install "
            "'genshare[postgres]'"
        ) from error


def cannot_open(url: URL, error: DBAPIError) -> CannotServeError:
    """Return why a database cannot be opened, without what the address holds of secrets."""
    said = str(error.orig).strip().splitlines()
    first = next((line for line in said if "failed: " in line), said[0])
    reason = first.rpartition("failed: ")[2].removeprefix("FATAL:").strip()
    return CannotServeError(f"cannot open the database {name_of(url)}: {reason}")


def name_of(url: URL) -> str:
    """Return an address for people: without password and options."""
    shown = URL.create(
        POSTGRES, username=url.username, host=url.host, port=url.port, database=url.database
    )
    return shown.render_as_string()
