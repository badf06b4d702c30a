"""All figures of the exchange in one run: downloads, uploads, lists, the hub's start and memory.

    python benchmarks/exchange.py --mlflow /path/to/mlflow

Every server is a process of its own on loopback, and what is compared takes turns, so that what
else the machine does meets both. A download of the default DCGAN's weights (51 MB) is compared
with nginx; `genshare fetch`, which hashes, syncs and looks into every tensor, with curl to a file,
as a call and as a command, which also starts Python; an upload with a bare route that discards,
and a whole publication with MLflow's artifact server, where its command is given; a list of 50 with
a route that always answers the same, and itself with 10,000 versions and each filter. It needs
curl and nginx. Each line has medians of wall and of the server's processor time, and what other
processes there were is told by the load.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Annotated

import exchange_servers as servers
import httpx
import typer
from exchange_servers import ADMIN_TOKEN, Server, large_package, note_versions

from shared.hub_client import connect
from shared.packages import Package

FILES = "/api/v1/generators/centre-b/large/versions/1/files/weights.safetensors"
LIST = "/api/v1/generators?limit=50"
FILTERS = (
    "",
    "&centre=centre-b",
    "&kind=mass",
    "&architecture=dcgan",
    "&centre=centre-b&kind=mass&architecture=dcgan",
    "&cursor=6000",
)
MANY, STARTS, ASKED_IN_A_ROW = 10_000, 3, 50


@dataclass(frozen=True)
class Way:
    """Something to time, and the server whose processor it uses."""

    server: Server
    do: Callable[[], object]
    prepare: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Times:
    """Medians of a way, in milliseconds."""

    wall: float
    processor: float


def main(
    rounds: Annotated[int, typer.Option(help="Turns of each.")] = 9,
    mlflow: Annotated[Path | None, typer.Option(help="MLflow's command.")] = None,
) -> None:
    """Measure everything, and print it."""
    _tell_load()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        hub = _started(folder, stack)
        token = connect(hub.url, ADMIN_TOKEN).invite("centre-b")
        package = large_package(folder / "package")
        connect(hub.url, token).publish(package)
        bare = stack.enter_context(servers.bare(folder))
        _downloads(folder, hub, token, rounds, stack)
        _fetches(folder, hub, token, rounds)
        _uploads(folder, hub, token, bare, rounds)
        if mlflow is not None:
            peer = stack.enter_context(servers.mlflow(mlflow, folder))
            _publications(folder, hub, token, peer, rounds)
        _lists(folder, package, (hub, bare), token, rounds)
        typer.echo(f"hub: {hub.resident_mb():.0f} MB after all that")
    _tell_load()


def _tell_load() -> None:
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    typer.echo(f"load {load} on {os.cpu_count()} processors")


def _started(folder: Path, stack: ExitStack) -> Server:
    """Start a hub some times on one folder; return the last one, which stays."""
    seconds, first = [], 0.0
    for number in range(STARTS):
        with servers.hub(folder / "hub") as hub:
            seconds.append(hub.ready_seconds)
            first = first or hub.resident_mb()
        if number == 0:
            typer.echo(f"hub: first start {seconds[0]:.2f} s, {first:.0f} MB")
    hub = stack.enter_context(servers.hub(folder / "hub"))
    typer.echo(
        f"hub: ready after {statistics.median([*seconds[1:], hub.ready_seconds]):.2f} s "
        f"({hub.processor_seconds():.2f} s of processor), idle with {hub.resident_mb():.0f} MB"
    )
    return hub


def _downloads(folder: Path, hub: Server, token: str, rounds: int, stack: ExitStack) -> None:
    blob = max((folder / "hub" / "blobs").rglob("*"), key=lambda file: file.stat().st_size)
    nginx = stack.enter_context(servers.nginx(folder, blob))
    for target in (Path(os.devnull), folder / "file"):
        ways = {
            "nginx": Way(nginx, _curl(nginx.url + "/weights", token, "-o", str(target))),
            "hub": Way(hub, _curl(hub.url + FILES, token, "-o", str(target))),
        }
        times = _alternating(f"download to {target.name}", ways, rounds)
        _tell_share("of nginx's speed, goal 0.8", times["nginx"], times["hub"])


def _fetches(folder: Path, hub: Server, token: str, rounds: int) -> None:
    client, target = connect(hub.url, token), folder / "in"
    record = client.version("centre-b", "large", None)
    command = [sys.executable, "-m", "genshare", "fetch", "centre-b", "large", "--out", str(target)]
    command += ["--hub-url", hub.url, "--token", token]

    def remove() -> None:
        target.unlink() if target.is_file() else shutil.rmtree(target, ignore_errors=True)

    ways = {
        "curl to a file": Way(hub, _curl(hub.url + FILES, token, "-o", str(target)), remove),
        "the call": Way(hub, lambda: client.fetch(record, target), remove),
        "genshare fetch": Way(
            hub,
            lambda: subprocess.run(command, check=True, capture_output=True),  # noqa: S603
            remove,
        ),
        "genshare --version": Way(
            hub,
            lambda: subprocess.run(
                [sys.executable, "-m", "genshare", "--version"], check=True, capture_output=True
            ),
        ),
    }
    times = _alternating("fetch with all checks", ways, rounds)
    for name in ("the call", "genshare fetch"):
        share = times[name].wall / times["curl to a file"].wall
        typer.echo(f"  {name}: {share:.2f} times as long as curl, goal 1.6")


def _uploads(folder: Path, hub: Server, token: str, bare: Server, rounds: int) -> None:
    numbers, waiting = count(2 * MANY), list[Package]()

    def write() -> None:
        number = next(numbers)
        shutil.rmtree(folder / f"sent-{number - 1}", ignore_errors=True)
        waiting[:] = [large_package(folder / f"sent-{number}", value=1 / number)]
        os.sync()  # or the hub's disk would be busy with what is prepared here

    def send(url: str) -> Callable[[], object]:
        def now() -> None:
            weights = waiting[0].card.weights[0]
            file = str(waiting[0].folder / weights.name)
            _curl(url + weights.sha256, token, "-o", os.devnull, "-T", file)()

        return now

    ways = {
        "a route that discards": Way(bare, send(bare.url + "/discarded?"), write),
        "hub": Way(hub, send(hub.url + "/api/v1/blobs/"), write),
    }
    times = _alternating("upload of a new file", ways, rounds)
    _tell_share(
        "of the bare route's speed, goal 0.85", times["a route that discards"], times["hub"]
    )


def _publications(folder: Path, hub: Server, token: str, peer: Server, rounds: int) -> None:
    client, numbers, waiting = connect(hub.url, token), count(1), list[Package]()

    def write() -> None:
        number = next(numbers)
        shutil.rmtree(folder / f"new-{number - 1}", ignore_errors=True)
        waiting[:] = [large_package(folder / f"new-{number}", value=1 / (number + 2))]
        os.sync()  # or the hub's disk would be busy with what is prepared here

    def publish() -> None:
        client.publish(waiting[0])

    weights = folder / "package" / "weights.safetensors"
    url = f"{peer.url}/api/2.0/mlflow-artifacts/artifacts/weights.safetensors"
    ways = {
        "MLflow": Way(peer, _curl(url, token, "-o", os.devnull, "-T", str(weights))),
        "hub, all checks": Way(hub, publish, write),
    }
    times = _alternating("publication", ways, rounds)
    _tell_share("of MLflow's speed, goal 1.5", times["MLflow"], times["hub, all checks"])


def _lists(
    folder: Path, package: Package, between: tuple[Server, Server], token: str, rounds: int
) -> None:
    hub, bare = between
    data_dir = folder / "hub"
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as http:

        def ask(url: str) -> Callable[[], object]:
            return lambda: [http.get(url).raise_for_status() for _ in range(ASKED_IN_A_ROW)]

        note_versions(data_dir, package, 50)
        ways = {
            "a constant route": Way(bare, ask(bare.url + "/constant")),
            "a list of 50": Way(hub, ask(hub.url + LIST)),
        }
        few = _alternating(f"{ASKED_IN_A_ROW} lists", ways, rounds)
        _tell_share(
            "of the constant route's, goal 0.15", few["a constant route"], few["a list of 50"]
        )
        note_versions(data_dir, package, MANY, first=2_000)
        many = {
            filters or "no filter": Way(hub, ask(hub.url + LIST + filters)) for filters in FILTERS
        }
        times = _alternating(f"{ASKED_IN_A_ROW} lists of {MANY} versions", many, rounds)
    slowest = max(times.values(), key=lambda each: each.wall)
    typer.echo(
        f"  slowest: {slowest.wall / few['a list of 50'].wall:.2f} of the time of few, goal 1.2"
    )


def _curl(url: str, token: str, *options: str) -> Callable[[], object]:
    command = ["curl", "-sSf", "-H", f"Authorization: Bearer {token}", *options, url]
    return lambda: subprocess.run(command, check=True)  # noqa: S603


def _alternating(title: str, ways: dict[str, Way], rounds: int) -> dict[str, Times]:
    """Time each way in turns; print and return medians."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            way.prepare()
            used, began = way.server.processor_seconds(), time.perf_counter()
            way.do()
            wall = time.perf_counter() - began
            if turn:  # the first one loads what a server loads when it is asked
                seconds[name].append((wall, way.server.processor_seconds() - used))
    times = {}
    typer.echo(title)
    for name, took in seconds.items():
        walls, processors = zip(*took, strict=True)
        times[name] = Times(*(statistics.median(each) * 1000 for each in (walls, processors)))
        typer.echo(
            f"  {name}: median {times[name].wall:.1f} ms, best {min(walls) * 1000:.1f} ms, "
            f"server's processor {statistics.mean(processors) * 1000:.1f} ms"
        )
    return times


def _tell_share(what: str, base: Times, ours: Times) -> None:
    typer.echo(f"  {base.wall / ours.wall:.2f} {what}")


if __name__ == "__main__":
    typer.run(main)
