"""Starts a service; what keeps it from starting is one sentence."""

import logging
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from fastapi import FastAPI
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from shared.errors import CannotServeError
from shared.files import is_full_disk
from shared.log_format import LogFormat, formatter
from shared.log_limit import LogLimit
from shared.plain_words import plain_words
from shared.server import Server
from shared.serving_settings import ServingSettings
from shared.verbosity import write_log

log = logging.getLogger(__name__)

Settings = TypeVar("Settings", bound=BaseSettings)


def check_can_serve(host: str, port: int, data_dir: Path) -> None:
    """Check address and folder before anything is started.

    Raises:
        CannotServeError: The port is taken, or the folder cannot be written.
    """
    with listening(host, port):
        pass
    check_writable(data_dir)


def check_writable(data_dir: Path) -> None:
    """Make the folder of a service, and try whether a file can be written there.

    Where its disk is full, what is there can still be read.

    Raises:
        CannotServeError: It cannot be made or written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotServeError(f"cannot make the folder {data_dir}: {error.strerror}") from error
    try:
        with tempfile.TemporaryFile(dir=data_dir) as probe:
            probe.write(b"0")
    except OSError as error:
        if is_full_disk(error):
            return
        message = f"the folder {data_dir} cannot be written: {error.strerror}"
        raise CannotServeError(message) from error


def read_settings(settings: type[Settings], **given: Any) -> Settings:
    """Read a service's settings from what is given and the environment; an empty value is unset.

    Raises:
        CannotServeError: A value is wrong. The message never repeats it: it may be a token.
    """
    prefix = settings.model_config.get("env_prefix", "")
    try:
        return settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(
            f"{prefix}{'.'.join(map(str, item['loc'])).upper()}: {plain_words(item)}"
            if item["loc"]
            else plain_words(item)
            for item in error.errors(include_input=False, include_url=False)
        )
        raise CannotServeError(f"a setting is wrong: {wrong}") from None


def serve(app: FastAPI, host: str, port: int, settings: ServingSettings) -> None:
    """Serve until the process is told to stop."""
    log_limit = LogLimit(settings.log_lines_per_minute)
    _write_log(log_limit, settings.log_format)
    with listening(host, port) as listeners:
        server = Server(app, settings, on_sweep=log_limit.tell)
        name = f"[{host}]" if ":" in host else host
        log.info("%s answers at %s://%s:%d", app.title, server.scheme, name, port)
        server.run(listeners)


def _write_log(log_limit: LogLimit, log_format: LogFormat) -> None:
    write_log()
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(log_limit)
        handler.setFormatter(formatter(log_format))


@contextmanager
def listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Give sockets that are bound to every address of a host.

    Raises:
        CannotServeError: One of them cannot be had.
    """
    with ExitStack() as stack:
        try:
            found = dict.fromkeys(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            listeners = [stack.enter_context(_bound(*address)) for address in found]
        except OSError as error:
            message = f"cannot listen on {host}:{port}: {error.strerror}"
            raise CannotServeError(message) from error
        yield listeners


def _bound(family: int, kind: int, protocol: int, _name: str, address: Any) -> socket.socket:
    # The protocol is named, for asyncio sends small answers at once only where it is.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
