"""Starts a service by uvicorn; what keeps it from starting is one sentence."""

import logging
import os
import socket
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from shared.errors import CannotServeError


def check_can_serve(host: str, port: int, data_dir: Path) -> None:
    """Check address and folder before anything is started.

    Raises:
        CannotServeError: The port is taken, or the folder cannot be written.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotServeError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotServeError(f"cannot make the folder {data_dir}: {error.strerror}") from error
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise CannotServeError(f"the folder {data_dir} cannot be written")


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until the process is told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False)
