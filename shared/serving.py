"""Starts a service by uvicorn; what keeps it from starting is one sentence."""

import logging
import socket
import tempfile
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from shared.errors import CannotServeError
from shared.files import is_full_disk

STOP_SECONDS = 3  # open event streams must not hold a stopping service

Settings = TypeVar("Settings", bound=BaseSettings)


def check_can_serve(host: str, port: int, data_dir: Path) -> None:
    """Check address and folder before anything is started.

    Raises:
        CannotServeError: The port is taken, or the folder cannot be written.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CannotServeError(f"cannot listen on {host}:{port}: {error.strerror}") from error
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
            f"{prefix}{'.'.join(map(str, item['loc'])).upper()}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise CannotServeError(f"a setting is wrong: {wrong}") from None


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until the process is told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
