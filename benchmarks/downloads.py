"""Download of a generator's weights (51 MB): from the hub, and the same file from nginx.

    python benchmarks/downloads.py

The default DCGAN is published to a hub that `genshare hub serve` starts. curl fetches its weights
to nowhere and to a file, in turns with nginx, which sends the hub's own copy with sendfile. Wall
time is curl's; processor time is the server's, workers included. It also says what the hub needs
to start and how much memory it holds while nothing happens. It needs nginx and curl.
"""

import array
import json
import math
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import httpx
import psutil
import typer

from shared.architectures import DcganArchitecture
from shared.cards import ModelCard, Training, TrainingSet, WeightFile
from shared.hub_client import connect
from shared.packages import Package, write_package

ADMIN_TOKEN = "admin-of-the-benchmark"  # noqa: S105 (for as long as it runs)
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


@dataclass
class Served:
    """A server, the file at it, and what its downloads took."""

    name: str
    process: psutil.Process
    url: str
    header: str = "X-Nothing: -"
    wall_ms: dict[str, list[float]] = field(default_factory=dict)
    processor_ms: dict[str, list[float]] = field(default_factory=dict)

    def download(self, target: Path) -> None:
        """Download once, and keep the times."""
        before = self._processor_seconds()
        command = ["curl", "-sf", "-o", str(target), "-w", "%{time_total}", "-H", self.header]
        done = subprocess.run([*command, self.url], capture_output=True, text=True, check=True)  # noqa: S603
        self.wall_ms.setdefault(target.name, []).append(float(done.stdout) * 1000)
        spent = (self._processor_seconds() - before) * 1000
        self.processor_ms.setdefault(target.name, []).append(spent)

    def _processor_seconds(self) -> float:
        processes = (self.process, *self.process.children())
        return sum(sum(process.cpu_times()[:2]) for process in processes)


def main(
    rounds: Annotated[int, typer.Option(help="Downloads of each kind from each.")] = 30,
) -> None:
    """Publish, download in turns, and print both and their ratio."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with _hub(folder / "hub") as (hub, url, seconds):
            typer.echo(f"hub: ready after {seconds:.2f} s, idle with {_resident(hub):.0f} MB")
            connect(url, connect(url, ADMIN_TOKEN).invite("centre-b")).publish(_package(folder))
            path = "/api/v1/generators/centre-b/wide/versions/1/files/weights.safetensors"
            ours = Served("hub", hub, url + path, f"Authorization: Bearer {ADMIN_TOKEN}")
            blob = max((folder / "hub").rglob("*"), key=lambda file: file.stat().st_size)
            with _nginx(folder, blob) as theirs:
                for _ in range(rounds):
                    for target in (Path(os.devnull), folder / "file"):
                        ours.download(target)
                        theirs.download(target)
                _report(ours, theirs)
            typer.echo(f"hub: {_resident(hub):.0f} MB after its downloads")


def _report(ours: Served, theirs: Served) -> None:
    typer.echo(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    for target in ours.wall_ms:
        for server in (ours, theirs):
            wall, best = statistics.median(server.wall_ms[target]), min(server.wall_ms[target])
            processor = statistics.mean(server.processor_ms[target])
            typer.echo(
                f"{server.name} to {target}: median {wall:.1f} ms, best {best:.1f} ms, "
                f"server's processor {processor:.1f} ms"
            )
        medians = [statistics.median(server.wall_ms[target]) for server in (theirs, ours)]
        bests = [min(server.wall_ms[target]) for server in (theirs, ours)]
        typer.echo(
            f"to {target}: {medians[0] / medians[1]:.2f} of nginx's speed by the median, "
            f"{bests[0] / bests[1]:.2f} by the best"
        )


@contextmanager
def _hub(data_dir: Path) -> Iterator[tuple[psutil.Process, str, float]]:
    port = _free_port()
    command = [sys.executable, "-m", "genshare", "hub", "serve", "--port", str(port)]
    environment = {**os.environ, "HUB_ADMIN_TOKEN": ADMIN_TOKEN}  # noqa: TID251 (handed on)
    began = time.monotonic()
    with _running([*command, "--data-dir", str(data_dir)], environment) as process:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/api/v1/readyz")
        yield process, url, time.monotonic() - began


@contextmanager
def _nginx(folder: Path, file: Path) -> Iterator[Served]:
    port = _free_port()
    root = folder / "root"
    root.mkdir()
    os.link(file, root / "weights")
    for readable in (folder, root, root / "weights"):
        readable.chmod(0o755)
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port, root=root))
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    with _running([nginx, "-c", str(configuration)], None) as process:
        url = f"http://127.0.0.1:{port}/weights"
        _wait_for(url)
        yield Served("nginx", process, url)


@contextmanager
def _running(command: list[str], environment: dict[str, str] | None) -> Iterator[psutil.Process]:
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait_for(url: str) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            httpx.head(url) if url.endswith("weights") else httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.01)
        else:
            return
    raise TimeoutError(f"{url} does not answer")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


def _package(folder: Path) -> Package:
    """Write a package of the default generator, 12,784,512 numbers that are no weights."""
    architecture = DcganArchitecture()
    header, data = {}, bytearray()
    for name, spec in architecture.generator_tensors().items():
        begin = len(data)
        data += array.array("f", [0.5]).tobytes() * math.prod(spec.shape)
        header[name] = {
            "dtype": spec.dtype,
            "shape": spec.shape,
            "data_offsets": [begin, len(data)],
        }
    text = json.dumps(header).encode()
    weights = folder / "weights.safetensors"
    weights.write_bytes(len(text).to_bytes(8, "little") + text + data)

    def card(copies: tuple[WeightFile, ...]) -> ModelCard:
        return ModelCard(
            centre="centre-b",
            name="wide",
            title="Default DCGAN",
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

    return write_package(folder / "package", [weights], card)


if __name__ == "__main__":
    typer.run(main)
