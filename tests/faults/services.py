"""A hub and nodes as processes that are killed and started again on the same folder and port."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import psutil

from tests.centre_node.node_server import free_port
from tests.hub_server import ADMIN_TOKEN
from tests.nursery import CLOCK, ROOT, python
from tests.waiting import wait_for

NODE_TOKEN = "staff-of-the-tests"
ENVIRONMENT = {
    "HUB_ADMIN_TOKEN": ADMIN_TOKEN,
    "HUB_RESERVE_BYTES": "0",  # the disk of a test is smaller than what a hub keeps free
    "NODE_TOKEN": NODE_TOKEN,
    "NODE_REVIEW": "machine",
    "NODE_RETRY_SECONDS": "[0.2]",
    "NODE_WORKER_IDLE_SECONDS": "600",
}


class Service:
    """`genshare hub serve` or `genshare node serve`.

    Attributes:
        data_dir: All that it keeps.
        clock: Holds the seconds by which its clock is wrong.
    """

    def __init__(self, kind: str, data_dir: Path, *options: str) -> None:
        self.data_dir = data_dir
        self._command = [kind, "serve", "--data-dir", str(data_dir), *options]
        self.clock, self._log = data_dir.with_suffix(".clock"), data_dir.with_suffix(".log")
        self.clock.write_text("0")
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Start it; it answers a little later."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [python(), "-m", "genshare", *self._command, "--port", str(self._port)],
                cwd=ROOT,
                env={**os.environ, **ENVIRONMENT, CLOCK: str(self.clock)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_until_ready(self) -> None:
        """Return once it answers."""
        wait_for(self._answers)

    @property
    def runs(self) -> bool:
        """Whether nobody killed it since its start."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it without a warning."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        self._process.terminate()
        return self._process.wait(30)

    def worker(self) -> psutil.Process | None:
        """Return the worker of a node, if it has one now."""
        for process in psutil.process_iter():
            try:
                line = process.cmdline()
            except psutil.Error:
                continue
            if "centre_node.jobs.worker" in line and str(self.data_dir) in line[-1]:
                return process
        return None

    def log(self) -> str:
        """Return what it said so far."""
        return self._log.read_text()

    def _answers(self) -> bool:
        assert self._process.poll() in {None, -signal.SIGKILL}, self.log()
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=60).close()
        except OSError:
            return False
        return True
