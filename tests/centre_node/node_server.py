"""The real centre node as a process on a loopback port."""

import json
import os
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests import nursery
from tests.waiting import wait_for

OWN = {"format": "phantoms", "style": "digital", "patients": 16, "seed": 1, "image_height_px": 256}
PATCHES = {"margin_px": 10, "smallest_side_px": 16}

QUICK = {
    "NODE_REVIEW": "machine",
    "NODE_RETRY_SECONDS": "[0.2]",
    "NODE_REGISTER_SECONDS": "600",
}
"""Settings with which nothing waits for a person, for no pause to speak of, or for a job."""

ENDED = {"succeeded", "failed", "cancelled"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _itself(process: psutil.Process) -> psutil.Process:
    """Return the process, or that which a stub stands for."""
    return nursery.fork_of(process) or process


def training(**configuration: Any) -> dict[str, Any]:
    return {
        "kind": "train_generator",
        "dataset": "own",
        "patches": PATCHES,
        "architecture": {"image_size": 16, "latent_size": 4, "width": 4},
        "training": {"batch_size": 4, "checkpoint_every_epochs": 20, "seed": 0, **configuration},
    }


class Node:
    """A node that can be stopped, killed and started again on the same data folder.

    Args:
        python: The interpreter, where it matters that nothing stands for it.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        mammograms_dir: Path | None = None,
        python: str | Path | None = None,
        **settings: str,
    ) -> None:
        self.data_dir = data_dir
        self._python = python or nursery.python()
        self._options = ["--data-dir", str(data_dir)]
        if mammograms_dir is not None:
            self._options += ["--mammograms-dir", str(mammograms_dir)]
        self._settings = settings
        self.start()

    def start(self) -> None:
        port = free_port()
        command = [self._python, "-m", "genshare", "node", "serve", "--port", str(port)]
        with self.data_dir.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self._options],
                env={**os.environ, **QUICK, **self._settings},
                stdout=log,
                stderr=log,
            )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=30)
        wait_for(self._answers)
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    @property
    def token(self) -> str:
        given = self._settings.get("NODE_TOKEN")
        return given or (self.data_dir / "token").read_text().strip()

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(30)

    def kill(self) -> None:
        process = self.process
        process.kill()
        process.wait(30)
        self._process.wait(30)

    @property
    def process(self) -> psutil.Process:
        return _itself(psutil.Process(self._process.pid))

    def worker(self) -> psutil.Process:
        """Return the worker of a job that runs; another one may be idle."""
        return wait_for(self._busy_worker)

    def _busy_worker(self) -> psutil.Process | None:
        with closing(sqlite3.connect(self.data_dir / "node.sqlite")) as database:
            found = database.execute("SELECT worker FROM jobs WHERE state = 'running'").fetchone()
        if found is None:
            return None
        mark = f'"number":{found[0]}}}'
        workers = self.process.children()
        found = next((one for one in workers if one.cmdline()[-1].endswith(mark)), None)
        return found and _itself(found)

    def log(self) -> str:
        return self.data_dir.with_suffix(".log").read_text()

    def register(self, name: str = "own", source: dict[str, Any] | None = None) -> httpx.Response:
        return self.http.put(f"/datasets/{name}", json=source or OWN)

    def submit(self, request: dict[str, Any]) -> str:
        return str(self.http.post("/jobs", json=request).raise_for_status().json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"/jobs/{job_id}").raise_for_status().json()
        return found

    def ended(self, job_id: str, seconds: float = 240) -> dict[str, Any]:
        def read() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["state"] in ENDED else None

        return wait_for(read, seconds)

    def result(self, request: dict[str, Any]) -> dict[str, Any]:
        job = self.ended(self.submit(request))
        assert job["state"] == "succeeded", job["problem"]
        result: dict[str, Any] = job["result"]
        return {"job": job, **result}

    def epoch(self, job_id: str) -> int:
        progress = self.job(job_id)["progress"]
        return progress["done"] if progress and progress["unit"] == "epochs" else 0

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log()
        try:
            return self.http.get("/healthz").is_success
        except httpx.TransportError:
            return False


def events(node: Node, job_id: str, after: int | None = None) -> Iterator[dict[str, Any]]:
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with node.http.stream("GET", f"/jobs/{job_id}/events", headers=headers) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))
