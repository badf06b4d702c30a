"""The real hub as a process that is killed and started again on the same folder and port."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from tests.hub_server import ADMIN_TOKEN
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "HUB_ADMIN_TOKEN": ADMIN_TOKEN,
    "HUB_REQUESTS_PER_MINUTE": "1000000",
    "HUB_MAX_VERSIONS_PER_CENTRE": "1000000",
    "HUB_MAX_FILES_PER_CENTRE": "1000000",
}


class HubProcess:
    def __init__(self, data_dir: Path) -> None:
        self._log = data_dir.with_suffix(".log")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "genshare", "hub", "serve", "--port", str(port)]
        self._command += ["--data-dir", str(data_dir)]
        self.begin()

    def begin(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env={**os.environ, **ENVIRONMENT}, stdout=log, stderr=log
            )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(30)

    def wait_until_ready(self) -> None:
        wait_for(self._is_ready)

    def log(self) -> str:
        return self._log.read_text()

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, self.log()
        try:
            return httpx.get(f"{self.url}/api/v1/readyz").is_success
        except httpx.TransportError:
            return False
