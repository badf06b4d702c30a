"""The node's tables."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import DateTime, Engine, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from centre_node.errors import NoNodeError
from shared.sqlite_files import open_migrated

DATABASE = "node.sqlite"


class Table(DeclarativeBase):
    """Base of the tables."""


class JobRow(Table):
    """A job. `request`, `progress`, `result`, `problem`, `hub` and `review` are JSON.

    `worker` is the number of the worker that is to do it, or does it.
    """

    __tablename__ = "jobs"

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    idempotency_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20), index=True)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    request: Mapped[str]
    progress: Mapped[str | None]
    result: Mapped[str | None]
    problem: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime)
    started_at: Mapped[datetime | None] = mapped_column(DateTime)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime)
    hub: Mapped[str | None]
    review: Mapped[str | None]
    retries: Mapped[int] = mapped_column(default=0, server_default="0")
    retry_at: Mapped[datetime | None] = mapped_column(DateTime)
    worker: Mapped[int | None]


class DatasetRow(Table):
    """A registered data set: where it comes from and what was counted. Both JSON."""

    __tablename__ = "datasets"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    source: Mapped[str]
    summary: Mapped[str]


class ConnectionRow(Table):
    """The one hub connection; the token is what the hub knows this centre by."""

    __tablename__ = "hub_connection"

    id: Mapped[int] = mapped_column(primary_key=True)
    centre: Mapped[str] = mapped_column(String(63))
    url: Mapped[str]
    token: Mapped[str]


class FollowedHubRow(Table):
    """Up to which number a hub's events were read."""

    __tablename__ = "followed_hubs"

    url: Mapped[str] = mapped_column(primary_key=True)
    last_event: Mapped[int]


def check_is_node(folder: Path) -> None:
    """Check that a folder holds a node's database; nothing is written.

    Raises:
        NoNodeError: There is none, or an empty one.
    """
    path = folder / DATABASE
    if not path.is_file() or path.stat().st_size == 0:
        raise NoNodeError(f"{folder} is no node's folder: there is no {DATABASE} in it")


def open_database(folder: Path, *, apart: bool = False) -> Engine:
    """Return an engine on the migrated database of a node's folder; only its owner can read it.

    Args:
        apart: See `open_migrated`.

    Raises:
        CannotServeError: The file is no database of this version of the node, or cannot be used.
    """
    path = folder / DATABASE
    path.touch(mode=0o600)
    return open_migrated(path, migrations="centre_node:migrations", apart=apart)
