"""How much a command says beside its results: one choice, made once, for all commands."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from shared.log_format import TextLines

Verbosity = Literal["quiet", "usual", "verbose"]
"""quiet: results, warnings and errors alone; verbose: progress each second, and the log too."""

OURS = ("centre_node", "genshare", "hub", "shared", "signing", "simulation", "web_pages")
LEVELS = {"quiet": logging.WARNING, "usual": logging.INFO, "verbose": logging.DEBUG}

_chosen: ContextVar[Verbosity] = ContextVar("verbosity", default="usual")


def verbosity() -> Verbosity:
    """Return what was chosen."""
    return _chosen.get()


def choose(verbosity: Verbosity) -> None:
    """Choose for the rest of this command."""
    _chosen.set(verbosity)


@contextmanager
def usual_again() -> Iterator[None]:
    """Forget at the end what was chosen in between."""
    before = _chosen.get()
    try:
        yield
    finally:
        _chosen.set(before)


def note(sentence: str) -> None:
    """Tell what is neither a result nor a warning, on the standard error stream."""
    if verbosity() != "quiet":
        sys.stderr.write(f"{sentence}\n")


def write_log() -> None:
    """Have our log written as far as was chosen; that of libraries only where it is told usually.

    At the lowest level some libraries write whole headers.
    """
    logging.basicConfig()
    for handler in logging.getLogger().handlers:
        handler.setFormatter(TextLines())
    level = LEVELS[verbosity()]
    logging.getLogger().setLevel(max(level, logging.INFO))
    for name in OURS:
        logging.getLogger(name).setLevel(level)
