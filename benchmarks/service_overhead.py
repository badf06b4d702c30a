"""What a node and a hub add to the time of the work itself, and what an idle node holds in memory.

    python benchmarks/service_overhead.py

The work is a training on phantoms written as a folder. Directly, it is one process, `genshare
train-generator`. Served, it is a job at a node, and then a publish and a pull over a hub: all that
node, worker and hub do counts, polls of the job's state too. Both ways are timed in turns, by the
processor's time, which other processes disturb little, and by the clock; in both a process loads
its libraries first. What else there was to do is told by the load.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import exchange_servers as servers
import httpx
import typer
from exchange_servers import ADMIN_TOKEN, Server

from centre_node.mammography.phantoms.writing import write_phantoms
from node_api.data_sources import PhantomSet
from shared.hub_client import connect
from shared.toml_text import toml_lines

ENDED = {"succeeded", "failed", "cancelled"}
POLL_SECONDS, IDLE_SECONDS = 0.5, 5.0
NODE_TOKEN = "token-of-the-benchmark"  # noqa: S105 (for as long as it runs)
PATCHES = {"margin_px": 6, "smallest_side_px": 32}
CENTRE, NAME = "centre-a", "lesions"
TERMS = {"title": "A benchmark", "licence": "CC0-1.0", "use_terms": "None", "contact": "nobody"}


class Took(NamedTuple):
    """Seconds of the processor and of the clock."""

    processor: float
    clock: float


def main(
    epochs: Annotated[int, typer.Option(help="Of the training.")] = 300,
    rounds: Annotated[int, typer.Option(help="How often each way is timed.")] = 3,
) -> None:
    """Time the same work both ways in turns, and print what the services add."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        phantoms = PhantomSet(style="digital", patients=24, seed=1, image_height_px=256)
        write_phantoms(phantoms, folder / "coco", layout="coco", on_progress=lambda *_: None)
        turns = [_turn(folder / str(turn), folder / "coco", epochs) for turn in range(rounds)]
    for measure in Took._fields:
        direct, served = (
            statistics.median(getattr(way[index], measure) for way in turns) for index in (0, 1)
        )
        typer.echo(
            f"{measure}: directly {direct:.1f} s, served {served:.1f} s, {served / direct - 1:+.1%}"
        )
    typer.echo(f"load {os.getloadavg()[0]:.1f}, median of {rounds}, {epochs} epochs")


def _turn(folder: Path, mammograms: Path, epochs: int) -> tuple[Took, Took]:
    folder.mkdir()
    configuration = {
        "architecture": {"image_size": 32, "width": 16},
        "training": {"epochs": epochs, "batch_size": 8, "seed": 0},
    }
    return (
        _directly(folder, mammograms, configuration),
        _served(folder, mammograms, configuration),
    )


def _directly(folder: Path, mammograms: Path, configuration: dict[str, Any]) -> Took:
    file = folder / "training.toml"
    file.write_text(toml_lines(configuration))
    command = [sys.executable, "-m", "genshare", "train-generator", str(mammograms)]
    command += ["--training", str(file), "--out", str(folder / "trained")]
    for field, value in PATCHES.items():
        command += [f"--{field.replace('_', '-')}", str(value)]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 (ours)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(used, time.monotonic() - begun)


def _served(folder: Path, mammograms: Path, configuration: dict[str, Any]) -> Took:
    with ExitStack() as stack:
        hub = stack.enter_context(servers.hub(folder / "hub"))
        node = stack.enter_context(servers.node(folder / "node", mammograms, NODE_TOKEN))
        time.sleep(IDLE_SECONDS)
        typer.echo(f"an idle node: {node.resident_mb():.0f} MB")
        http = stack.enter_context(_connected(node, hub))
        before, begun = _used(hub, node), time.monotonic()
        training = {"kind": "train_generator", "dataset": "own", "patches": PATCHES}
        trained = _done(http, training | configuration)
        publication = {"kind": "publish", "training_job": trained, "name": NAME, **TERMS}
        _done(http, publication)
        _done(http, {"kind": "pull", "centre": CENTRE, "name": NAME})
        return Took(_used(hub, node) - before, time.monotonic() - begun)


def _used(*processes: Server) -> float:
    return sum(process.processor_seconds() for process in processes)


@contextmanager
def _connected(node: Server, hub: Server) -> Iterator[httpx.Client]:
    """Give a client of a node that has a data set and a hub."""
    token = connect(hub.url, ADMIN_TOKEN).invite(CENTRE)
    headers = {"Authorization": f"Bearer {NODE_TOKEN}"}
    with httpx.Client(base_url=f"{node.url}/api/v1", headers=headers, timeout=120) as http:
        http.put("/datasets/own", json={"format": "coco"}).raise_for_status()
        connection = {"centre": CENTRE, "url": hub.url, "token": token}
        http.put("/hub-connection", json=connection).raise_for_status()
        yield http


def _done(http: httpx.Client, request: dict[str, Any]) -> str:
    """Have a job done, asking after it as a simulation does; return its id."""
    job = http.post("/jobs", json=request).raise_for_status().json()
    while job["state"] not in ENDED:
        time.sleep(POLL_SECONDS)
        job = http.get(f"/jobs/{job['id']}").raise_for_status().json()
    if job["state"] != "succeeded":
        raise RuntimeError(f"{job['kind']} {job['state']}: {job['problem']}")
    return str(job["id"])


if __name__ == "__main__":
    typer.run(main)
