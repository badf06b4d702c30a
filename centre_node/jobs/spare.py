"""Room that a node keeps, so that on a full disk it can still write what became of a job."""

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from shared.files import is_full_disk

SPARE = "spare-room"
SPARE_BYTES, PIECE_BYTES = 1 << 20, 64 << 10
"""A piece is several times what a change of a job takes; whatever else is free, jobs may take."""

Changed = TypeVar("Changed")

log = logging.getLogger(__name__)


class Spare:
    """A file of no use but its size, in a node's data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._file = folder, folder / SPARE

    def keep(self) -> None:
        """Take the room where there is plenty and it is not taken yet."""
        taken = self._file.stat().st_size if self._file.exists() else 0
        if taken == SPARE_BYTES or shutil.disk_usage(self._folder).free < 4 * SPARE_BYTES:
            return
        try:
            with self._file.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, SPARE_BYTES)
        except OSError as error:
            log.warning("no spare room can be kept: %s", error.strerror)
            self._file.unlink(missing_ok=True)

    def write(self, change: Callable[[], Changed]) -> Changed:
        """Change the database; where the disk is full, give up as much of the room as that takes.

        Raises:
            OperationalError: It cannot be changed.
        """
        while True:
            try:
                return change()
            except OperationalError as error:
                if not (is_full_disk(error) and self._give_up_some()):
                    raise

    def _give_up_some(self) -> bool:
        """Give up a piece; tell whether there was one."""
        left = self._file.stat().st_size - PIECE_BYTES if self._file.exists() else -1
        if left < 0:
            return False
        log.warning("the node's disk is full: some of its spare room is given up")
        os.truncate(self._file, left)
        return True
