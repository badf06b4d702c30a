"""Patches painted a second: own lesions and blobs on own healthy patches, on each core.

    python benchmarks/painting.py

Lesions and healthy patches are cut from phantoms. What is timed is all of it: cutting the healthy
patches out of the store, finding a place for each lesion, and painting; a painting of own lesions
gives two patches for each healthy one, with a lesion and without, and both count. Filling what lies
beneath the lesions is done once for each lesion and timed by itself.
"""

import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.phantoms import read_phantoms
from centre_node.painting.own_lesions import OwnLesions, PaintedFrom
from node_api.data_sources import PhantomSet
from node_api.patches import PatchConfiguration
from node_api.studies import EVERY_KIND

BATCH = 500
SOURCES: tuple[PaintedFrom, ...] = ("own", "ellipse")


def main(
    size: Annotated[int, typer.Option(help="Side of a patch in pixels.")] = 64,
    backgrounds: Annotated[int, typer.Option(help="Healthy patches painted on by each.")] = 5000,
    workers: Annotated[int, typer.Option(help="Processes that paint at once.")] = 2,
) -> None:
    """Paint on phantoms and print patches a second."""
    with tempfile.TemporaryDirectory() as scratch:
        store = _cut(Path(scratch) / "patches")
        start = time.perf_counter()
        lesions = _ready(store, size)
        fills = 2 * len(lesions.lesions.ellipses) / (time.perf_counter() - start)
        typer.echo(f"filled beneath {fills:.0f} lesions and healthy patches/s")
        for source in SOURCES:
            for processes in sorted({1, workers}):
                rate = _rate(store.folder, source, size, backgrounds, processes)
                typer.echo(f"{source}, {processes} processes: {rate:.0f} patches/s of {size} px")


def _cut(folder: Path) -> PatchStore:
    phantoms = PhantomSet(style="digital", patients=40, seed=0, image_height_px=640)
    cutting = PatchCutting(PatchConfiguration(margin_px=12, smallest_side_px=32), EVERY_KIND)
    return cutting.cut_into(folder, read_phantoms(phantoms).mammograms, healthy=200)


def _ready(store: PatchStore, size: int) -> OwnLesions:
    lesions, healthy = store.indices(1), store.indices(0)
    count = min(len(lesions), len(healthy))
    return OwnLesions.of(store, lesions[:count], healthy[:count], size=size)


def _rate(folder: Path, source: PaintedFrom, size: int, count: int, processes: int) -> float:
    # A fork would inherit locks of OpenCV's threads, and wait for them for ever.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_painted, *zip(*[(folder, source, size, 1, 0)] * processes, strict=True)))
        start = time.perf_counter()
        work = [(folder, source, size, count, seed) for seed in range(processes)]
        painted = sum(pool.map(_painted, *zip(*work, strict=True)))
        return painted / (time.perf_counter() - start)


def _painted(folder: Path, source: PaintedFrom, size: int, count: int, seed: int) -> int:
    """Paint on `count` patches in batches and return how many patches that made."""
    cv2.setNumThreads(1)
    store = PatchStore.open(folder)
    lesions, random = _ready(store, size), np.random.default_rng(seed)
    made = 0
    for start in range(0, count, BATCH):
        chosen = np.resize(store.indices(0), min(BATCH, count - start))
        made += len(chosen) * (2 if source == "own" else 1)
        lesions.painted(source, chosen, random=random)
    return made


if __name__ == "__main__":
    typer.run(main)
