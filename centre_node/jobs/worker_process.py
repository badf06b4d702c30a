"""A worker process with all that it starts, seen from the service."""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from centre_node.settings import worker_environment

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.25
STOP_SECONDS = 20
PROCESSES = Path("/proc")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
GROUP_FIELD = 2
"""In a process's `stat`, after its name, which may hold blanks."""


class Worker:
    """A worker process with all its children, which are one group of processes."""

    def __init__(self, command: list[str], *, gpu: str | None = None) -> None:
        """Start it.

        Args:
            gpu: The only GPU that it sees; None: it sees all that the service sees.
        """
        # The pipe's end tells the worker that this process is gone.
        self._process = subprocess.Popen(  # noqa: S603 (ours)
            command, stdin=subprocess.PIPE, env=worker_environment(gpu), start_new_session=True
        )
        self.pid = self._process.pid
        self._was_stopped = False

    def has_ended(self) -> bool:
        """Tell whether it has ended; if so, its children are ended too."""
        waited = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if waited is None:
            return False
        self._kill_group()  # before it is waited for, so that the number is nobody else's
        self._process.wait()
        return True

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise than it should and than it was made to."""
        return self._process.returncode != 0 and not self._was_stopped

    @property
    def returncode(self) -> int | None:
        """How it ended, as `subprocess` says it."""
        return self._process.returncode

    def memory_bytes(self) -> int:
        """Return how much memory it and its children have for themselves alone."""
        return memory_of_group(self.pid)

    def terminate(self) -> None:
        """Ask it to put its job back and end."""
        if not self._was_stopped:
            self._was_stopped = True
            self._process.terminate()

    def kill(self) -> None:
        """End it and its children at once."""
        self._was_stopped = True
        self._kill_group()

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            log.debug("no process of worker %s is left", self.pid)

    def stop(self) -> None:
        """Have it put its job back and end; wait until it has."""
        self.terminate()
        until = time.monotonic() + STOP_SECONDS
        while not self.has_ended():
            if time.monotonic() > until:
                self.kill()
            time.sleep(WATCH_SECONDS / 5)


def memory_of_group(group: int) -> int:
    """Return how many bytes of memory the processes of a group have for themselves alone."""
    return sum(_own_pages(process) for process in _processes_of(group)) * PAGE_BYTES


def _processes_of(group: int) -> Iterator[Path]:
    for process in PROCESSES.glob("[0-9]*"):
        try:
            told = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended since
        if int(told[GROUP_FIELD]) == group:
            yield process


def _own_pages(process: Path) -> int:
    try:
        _, resident, shared, *_ = (process / "statm").read_text().split()
    except (OSError, ValueError):
        return 0  # it has ended since
    return int(resident) - int(shared)
