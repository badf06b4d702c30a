"""PostgreSQL and an S3 server as processes of their own on loopback, for as long as tests run."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
import pytest

import web_pages.schema
from hub.database import Table
from hub.postgres import connected, open_postgres, read_url
from tests.waiting import wait_for

INSTALLED = Path("/usr/lib/postgresql")
USER, PASSWORD, KEY, SECRET = "hub", "pass-word-of-the-hub", "key-of-the-hub", "secret-of-the-hub"
BUCKET = "generators"
WITHOUT_PATIENCE = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB"}


@dataclass(frozen=True)
class PostgresServer:
    """Databases on loopback."""

    port: int

    def url(self, database: str, *, password: str = PASSWORD, port: int | None = None) -> str:
        return f"postgresql://{USER}:{password}@127.0.0.1:{port or self.port}/{database}"

    def new_database(self, name: str) -> str:
        engine = connected(read_url(self.url("postgres")))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        engine.dispose()
        return self.url(name)


@dataclass(frozen=True)
class S3Server:
    """Buckets on loopback, in memory."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def new_bucket(self, name: str) -> None:
        httpx.put(f"{self.url}/{name}").raise_for_status()


class Gate:
    """A port that leads to another one, until it is shut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open: list[socket.socket] = []
        self.port = _free_port()
        self.open()

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def shut(self) -> None:
        """Let nobody through any more, and break what goes through now."""
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                here, _ = listener.accept()
                there = socket.create_connection(("127.0.0.1", self._target))
                self._open += [here, there]
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=_copy, args=pair, daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@dataclass
class Servers:
    """Both, with a hub's tables, which are emptied before each test that asks for them."""

    postgres: PostgresServer
    s3: S3Server

    def __post_init__(self) -> None:
        self._engine = open_postgres(read_url(self.postgres.new_database("hub")))
        self.s3.new_bucket(BUCKET)

    def empty_place(self) -> dict[str, str]:
        """Return the settings of a hub that has nothing yet."""
        tables = [*Table.metadata.tables, *web_pages.schema.METADATA.tables]
        with self._engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
        return {
            "HUB_DATABASE_URL": self.postgres.url("hub"),
            "HUB_FILES_URL": f"s3://{BUCKET}/{uuid.uuid4().hex}",
            "HUB_S3_ENDPOINT": self.s3.url,
            "HUB_S3_ACCESS_KEY_ID": KEY,
            "HUB_S3_SECRET_ACCESS_KEY": SECRET,
        }


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with s3_server() as s3, postgres_server() as postgres:
        yield Servers(postgres, s3)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start Debian's PostgreSQL; where there is none, the test is skipped."""
    if not any(INSTALLED.glob("*/bin/initdb")):
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genshare-pg-")))
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        password, data = folder / "password", folder / "data"
        password.write_text(PASSWORD)
        password.chmod(0o644)  # for the other user; the folder is private
        log = stack.enter_context((folder / "log").open("wb"))
        made = ["initdb", "-D", str(data), "-U", USER, "--pwfile", str(password), "--no-sync"]
        made += ["--auth", "scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
        assert _started(made, log).wait() == 0, (folder / "log").read_text()
        server = PostgresServer(_free_port())
        options = {**WITHOUT_PATIENCE, "port": server.port, "unix_socket_directories": folder}
        told = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        process = _started(["postgres", "-D", str(data), *told], log)
        stack.callback(process.wait)
        stack.callback(process.send_signal, signal.SIGQUIT)  # at once: nothing of it is kept
        _wait(process, folder / "log", server.port)
        yield server


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Start moto's server."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genshare-s3-")))
        log = stack.enter_context((folder / "log").open("wb"))
        server = S3Server(_free_port())
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(server.port)]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        stack.callback(process.wait)
        stack.callback(process.kill)
        _wait(process, folder / "log", server.port)
        yield server


def _started(command: list[str], log: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Start a program of PostgreSQL, which refuses to be root."""
    newest = max(INSTALLED.glob("*/bin"), key=lambda folder: int(folder.parent.name))
    user = "postgres" if os.getuid() == 0 else None
    return subprocess.Popen(
        [newest / command[0], *command[1:]], stdout=log, stderr=log, cwd="/", user=user, group=user
    )


def _wait(process: "subprocess.Popen[bytes]", log: Path, port: int) -> None:
    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_for(answers)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
