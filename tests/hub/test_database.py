import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hub.database import open_database
from shared.errors import CannotServeError


def test_two_that_open_a_new_database_at_once_both_get_it(tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def open_and_count(_: int) -> int:
        together.wait()
        engine = open_database(tmp_path / "hub.sqlite")
        with engine.connect() as connection:
            return len(connection.execute(text("SELECT * FROM centres")).all())

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(open_and_count, range(4))) == [0, 0, 0, 0]


def test_begin_immediate_holds_the_write_lock_until_the_commit(tmp_path: Path) -> None:
    path = tmp_path / "hub.sqlite"
    engine = open_database(path)

    with sqlite3.connect(path, timeout=0, isolation_level=None) as other:
        with Session(engine) as session, session.begin():
            session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")


def test_a_path_with_signs_of_a_url_is_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "100% of? it#all"
    folder.mkdir()

    open_database(folder / "hub.sqlite")

    assert (folder / "hub.sqlite").is_file()


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (None, "file is not a database"),
        (
            "CREATE TABLE alembic_version (version_num TEXT); "
            "INSERT INTO alembic_version VALUES ('9999')",
            "9999",
        ),
        ("CREATE TABLE centres (x TEXT)", "table centres already exists"),
    ],
)
def test_what_is_no_database_of_this_hub_is_one_sentence(
    tmp_path: Path, sql: str | None, reason: str
) -> None:
    path = tmp_path / "hub.sqlite"
    if sql is None:
        path.write_bytes(b"something else" * 100)
    else:
        sqlite3.connect(path).executescript(sql).connection.close()

    with pytest.raises(CannotServeError, match=rf"cannot open the database {path}: .*{reason}"):
        open_database(path)


def test_an_error_of_the_database_names_no_value(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "hub.sqlite")

    with pytest.raises(OperationalError) as caught, engine.connect() as connection:
        connection.execute(text("SELECT :token FROM nowhere"), {"token": "secret words"})

    assert "secret" not in str(caught.value)
