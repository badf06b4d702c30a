"""The servers that the exchange is measured at, each a process of its own on loopback."""

import array
import json
import math
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from shared.architectures import DcganArchitecture
from shared.cards import ModelCard, Training, TrainingSet, WeightFile
from shared.packages import CARD, MANIFEST, Package, write_package

ADMIN_TOKEN = "admin-of-the-benchmark"  # noqa: S105 (for as long as it runs)
START_SECONDS = 60.0
NGINX = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{
  access_log off; sendfile on; tcp_nopush on; default_type application/octet-stream;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""
BARE = """
import sys

import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()


@app.put("/discarded")
async def discard(request: Request) -> None:
    async for _chunk in request.stream():
        pass


@app.get("/constant")
def constant() -> dict[str, str]:
    return {"status": "ok"}


uvicorn.run(app, port=int(sys.argv[1]), http="h11", log_level="warning")
"""


@dataclass(frozen=True)
class Server:
    """A process that answers at `url`, and the seconds until it did."""

    url: str
    process: psutil.Process
    ready_seconds: float

    def processor_seconds(self) -> float:
        """Return what it and its workers have used."""
        processes = (self.process, *self.process.children(recursive=True))
        return sum(sum(process.cpu_times()[:2]) for process in processes)

    def resident_mb(self) -> float:
        """Return the memory that it holds."""
        return float(self.process.memory_info().rss) / 1e6


@contextmanager
def hub(data_dir: Path, *, descriptors: int | None = None) -> Iterator[Server]:
    """Serve a hub as `genshare hub serve` does.

    Args:
        descriptors: How many files and connections it may have open; by default as many as we.
    """
    command = [sys.executable, "-m", "genshare", "hub", "serve", "--data-dir", str(data_dir)]
    if descriptors is not None:
        command = ["prlimit", f"--nofile={descriptors}:{descriptors}", *command]
    settings = {"HUB_ADMIN_TOKEN": ADMIN_TOKEN, "HUB_REQUESTS_PER_MINUTE": "1000000"}
    port = _free_port()
    with _running([*command, "--port", str(port)], port, "/api/v1/readyz", settings) as server:
        yield server


@contextmanager
def node(data_dir: Path, mammograms: Path, token: str) -> Iterator[Server]:
    """Serve a centre node as `genshare node serve` does, which publishes without a person."""
    command = [sys.executable, "-m", "genshare", "node", "serve", "--data-dir", str(data_dir)]
    command += ["--mammograms-dir", str(mammograms)]
    settings = {"NODE_TOKEN": token, "NODE_REVIEW": "machine"}
    port = _free_port()
    with _running([*command, "--port", str(port)], port, "/api/v1/healthz", settings) as server:
        yield server


@contextmanager
def bare(folder: Path) -> Iterator[Server]:
    """Serve a route that discards what it gets, and one that always answers the same."""
    script, port = folder / "bare.py", _free_port()
    script.write_text(BARE)
    with _running([sys.executable, str(script), str(port)], port, "/constant") as server:
        yield server


@contextmanager
def nginx(folder: Path, file: Path) -> Iterator[Server]:
    """Serve a file, as `/weights`, with sendfile."""
    port, root = _free_port(), folder / "root"
    root.mkdir()
    os.link(file, root / "weights")
    for readable in (folder, root, root / "weights"):
        readable.chmod(0o755)
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port, root=root))
    command = shutil.which("nginx") or "/usr/sbin/nginx"
    with _running([command, "-c", str(configuration)], port, "/weights") as server:
        yield server


@contextmanager
def mlflow(command: Path, folder: Path) -> Iterator[Server]:
    """Serve MLflow's artifacts from a folder, with one worker."""
    port = _free_port()
    serve = [str(command), "server", "--artifacts-only", "--workers", "1", "--port", str(port)]
    serve += ["--artifacts-destination", str(folder / "mlflow")]
    with _running(serve, port, "/health", cwd=folder) as server:  # it leaves a database there
        yield server


@contextmanager
def _running(
    command: list[str],
    port: int,
    path: str,
    settings: Mapping[str, str] | None = None,
    *,
    cwd: Path | None = None,
) -> Iterator[Server]:
    environment = {**os.environ, **(settings or {})}  # noqa: TID251 (handed on)
    url, began = f"http://127.0.0.1:{port}", time.monotonic()
    with subprocess.Popen(  # noqa: S603
        command, env=environment, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(url + path, process)
            yield Server(url, psutil.Process(process.pid), time.monotonic() - began)
        finally:
            process.terminate()


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.head(url).status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return
        except httpx.TransportError:
            time.sleep(0.01)
    raise TimeoutError(f"{url} does not answer")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def large_package(folder: Path, *, name: str = "large", value: float = 0.5) -> Package:
    """Write a package of the default DCGAN, 51 MB, without a tensor library.

    Args:
        value: Every weight is this; another value makes another file.
    """
    architecture = DcganArchitecture()
    header, size = {}, 0
    for tensor, spec in architecture.generator_tensors().items():
        end = size + 4 * math.prod(spec.shape)
        offsets = [size, end]
        header[tensor] = {"dtype": spec.dtype, "shape": spec.shape, "data_offsets": offsets}
        size = end
    text = json.dumps(header).encode()
    weights = folder.with_name("weights.safetensors")
    values = array.array("f", [value]).tobytes() * (size // 4)
    weights.write_bytes(len(text).to_bytes(8, "little") + text + values)

    def card_of(copies: tuple[WeightFile, ...]) -> ModelCard:
        return ModelCard(
            centre="centre-b",
            name=name,
            title="Large",
            architecture=architecture,
            weights=copies,
            training_set=TrainingSet(
                data_set="phantoms", lesion_kinds=("mass",), patients=9, patches=12
            ),
            training=Training(
                loss="dcgan", epochs=1, batch_size=2, seed=0, genshare_version="0.1.0"
            ),
            licence="CC0-1.0",
            use_terms="Benchmarks",
            contact="benchmarks",
        )

    return write_package(folder, [weights], card_of)


def note_versions(data_dir: Path, package: Package, count: int, *, first: int = 1_000) -> None:
    """Note versions of a package in a hub's database, numbered from `first`, by no upload."""
    manifest = (package.folder / MANIFEST).read_text()
    card = (package.folder / CARD).read_text()
    same = ("dcgan", "mass", manifest, card, "2026-01-01 00:00:00.000000", "Large")
    rows = [
        (number, "centre-b", "many", number, f"{number:064d}", *same)
        for number in range(first, first + count)
    ]
    kinds = [(row[0], "mass", "centre-b", "dcgan") for row in rows]
    with closing(sqlite3.connect(data_dir / "hub.sqlite")) as database, database:
        database.executemany(
            "INSERT INTO versions (id, centre, name, version, manifest_digest, architecture, "
            "lesion_kinds, manifest, card, published_at, title) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            rows,
        )
        database.executemany("INSERT INTO version_kinds VALUES (?,?,?,?)", kinds)
