"""What SQLite and PostgreSQL are told in different words."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Connection, DateTime, LargeBinary, TextClause, cast, func, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

POSTGRES = "postgresql"
WRITERS = 0x67656E7368617265
"""The number of the lock that whoever writes to PostgreSQL takes: "genshare" in ASCII."""


def take_write_lock(connection: Connection) -> None:
    """Let nobody else write until the transaction ends; one that has the lock keeps it.

    To be called before anything is read that what is written depends on, and before a row is
    written: of two that first write and then wait for each other, PostgreSQL ends one.
    """
    if connection.dialect.name == POSTGRES:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")
    elif not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def read_at_one_moment(connection: Connection) -> None:
    """Have all that a new transaction reads be as it is now, whatever is written meanwhile."""
    if connection.dialect.name == POSTGRES:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    else:
        connection.exec_driver_sql("BEGIN")


def insert_unless_there(connection: Connection, table: type[Any], row: Mapping[str, Any]) -> bool:
    """Insert a row; False if one with its primary key is there, which stays as it is."""
    if connection.dialect.name == POSTGRES:
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    query = insert(table).values(row).on_conflict_do_nothing()
    written = connection.execute(query.returning(*table.__table__.primary_key))
    return written.first() is not None


def total(column: Any) -> ColumnElement[int]:
    """Return the sum of a column as a whole number, 0 of no rows."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def each_listed_file(connection: Connection) -> TextClause:
    """Return the query for each SHA-256 that a version with an id above `after` lists."""
    if connection.dialect.name == POSTGRES:
        sha256 = "file.value ->> 'sha256'"
        files = "json_array_elements(CAST(versions.manifest AS json) -> 'files') AS file(value)"
    else:
        sha256 = "json_extract(file.value, '$.sha256')"
        files = "json_each(versions.manifest, '$.files') AS file"
    query = f"SELECT DISTINCT {sha256} FROM versions, {files} WHERE versions.id > :after"  # noqa: S608
    return text(query)


def as_stored(column: Any) -> Any:
    """Return a column as the bytes that are stored; a time as its text."""
    return _AsStored(column)


class _AsStored(FunctionElement[bytes]):
    type = LargeBinary()
    inherit_cache = True


@compiles(_AsStored)
def _as_blob(element: _AsStored, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS BLOB)"


@compiles(_AsStored, POSTGRES)
def _as_bytea(element: _AsStored, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    if isinstance(next(iter(element.clauses)).type, DateTime):
        column = f"to_char({column}, 'YYYY-MM-DD HH24:MI:SS.US')"
    return f"convert_to({column}, 'UTF8')"
