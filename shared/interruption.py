"""Stopping a long command in good order."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import typer
from rich.console import Console

INTERRUPTED = 130


@contextmanager
def interruptible(console: Console, how_to_go_on: str) -> Iterator[None]:
    """Treat a request to terminate like Ctrl-C: stop what was started, and say how to go on.

    Args:
        how_to_go_on: What follows "interrupted; ".

    Raises:
        typer.Exit: It was interrupted.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except KeyboardInterrupt as error:
        console.print(f"interrupted; {how_to_go_on}")
        raise typer.Exit(INTERRUPTED) from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
