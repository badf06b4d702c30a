"""Fetching and publishing 50 MB, with every check, beside curl from the same hub.

    python benchmarks/exchange.py

The hub is `genshare hub serve` as a process of its own on loopback. curl writes the weight file to
a file; the client writes, hashes and syncs the package, and looks into every tensor. Rounds
alternate, so that what else the machine does meets both. Time is that of the call, without the
start of Python, and that of the whole command `genshare fetch` too; the processor's seconds, the
hub's aside, tell more where the machine is busy. To compare with another version of genshare, run
this with PYTHONPATH at its folder.
"""

import array
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer

from shared.architectures import DcganArchitecture
from shared.cards import ModelCard, Training, TrainingSet, WeightFile
from shared.hub_client import connect
from shared.packages import Package, write_package

ADMIN_TOKEN = "admin-of-the-benchmark"  # noqa: S105
PORT = 18573


def main(
    rounds: Annotated[int, typer.Option(help="Of each.")] = 7,
    width: Annotated[int, typer.Option(help="Of the generator; 64 has 50 MB.")] = 64,
) -> None:
    """Publish a package, then fetch it with curl, with the client and with the command."""
    with tempfile.TemporaryDirectory() as scratch, running_hub(Path(scratch) / "hub") as url:
        token = connect(url, ADMIN_TOKEN).invite("centre-b")
        hub = connect(url, token)
        package = large_package(Path(scratch) / "package", width)
        published = timed(lambda: hub.publish(package))
        record = hub.version("centre-b", "large", None)
        target = Path(scratch) / "in"
        size = package.card.weights[0].size_bytes
        file = f"{url}/api/v1/generators/centre-b/large/versions/1/files/weights.safetensors"
        authorization = f"Authorization: Bearer {token}"
        curl = ["curl", "-sS", "-H", authorization, "-o", str(target), file]
        command = [sys.executable, "-m", "genshare", "fetch", "centre-b", "large"]
        command += ["--hub-url", url, "--token", token, "--out", str(target)]
        ways: dict[str, Callable[[], object]] = {
            "curl to a file": lambda: subprocess.run(curl, check=True),  # noqa: S603
            "client": lambda: hub.fetch(record, target),
            "genshare fetch": lambda: subprocess.run(  # noqa: S603
                command, check=True, stdout=subprocess.DEVNULL
            ),
        }
        seconds = alternating(ways, rounds, target)
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    typer.echo(f"{size / 1e6:.1f} MB, {os.cpu_count()} processors, load {load}")
    typer.echo(f"publish {published:.2f} s")
    base = seconds["curl to a file"]
    for name, took in seconds.items():
        walls, processors = zip(*took, strict=True)
        typer.echo(
            f"{name}: median {statistics.median(walls):.3f} s, best {min(walls):.3f} s "
            f"({min(walls) / min(base)[0]:.2f} of curl's), processor {min(processors):.3f} s"
        )


def alternating(
    ways: dict[str, Callable[[], object]], rounds: int, target: Path
) -> dict[str, list[tuple[float, float]]]:
    """Return wall and processor seconds of each way, each round; what it wrote is removed."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            before = _processor_seconds()
            wall = timed(way)
            seconds[name].append((wall, _processor_seconds() - before))
            if target.is_dir():
                shutil.rmtree(target)
            target.unlink(missing_ok=True)
    return seconds


def timed(action: Callable[[], object]) -> float:
    """Return how many seconds an action takes."""
    since = time.perf_counter()
    action()
    return time.perf_counter() - since


def _processor_seconds() -> float:
    """Return what this process and those that it waited for have used."""
    return sum(os.times()[:4])


@contextmanager
def running_hub(folder: Path) -> Iterator[str]:
    """Serve a hub as a process, and yield its URL."""
    command = [sys.executable, "-m", "genshare", "hub", "serve", "--data-dir", str(folder)]
    environment = {**os.environ, "HUB_ADMIN_TOKEN": ADMIN_TOKEN}  # noqa: TID251 (handed on)
    with subprocess.Popen(  # noqa: S603
        [*command, "--port", str(PORT)], env=environment, stderr=subprocess.DEVNULL
    ) as process:
        url = f"http://127.0.0.1:{PORT}"
        while not _answers(url):
            if process.poll() is not None:
                raise RuntimeError("the hub did not start")
            time.sleep(0.1)
        try:
            yield url
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v1/healthz").is_success
    except httpx.TransportError:
        return False


def large_package(folder: Path, width: int) -> Package:
    """Write a package of a large generator, without a tensor library."""
    architecture = DcganArchitecture(image_size=128, latent_size=100, width=width)
    header, size = {}, 0
    for name, spec in architecture.generator_tensors().items():
        end = size + 4 * math.prod(spec.shape)
        header[name] = {"dtype": spec.dtype, "shape": list(spec.shape), "data_offsets": [size, end]}
        size = end
    text = json.dumps(header).encode()
    weights = folder.with_name("weights.safetensors")
    values = array.array("f", [0.5]).tobytes() * (size // 4)
    weights.write_bytes(len(text).to_bytes(8, "little") + text + values)

    def card_of(copies: tuple[WeightFile, ...]) -> ModelCard:
        return ModelCard(
            centre="centre-b",
            name="large",
            title="Large",
            architecture=architecture,
            weights=copies,
            training_set=TrainingSet(
                data_set="phantoms", lesion_kinds=("mass",), patients=9, patches=12
            ),
            training=Training(
                loss="dcgan", epochs=1, batch_size=2, seed=0, genshare_version="0.1.0"
            ),
            licence="CC0 1.0",
            use_terms="Benchmarks",
            contact="benchmarks",
        )

    return write_package(folder, [weights], card_of)


if __name__ == "__main__":
    typer.run(main)
