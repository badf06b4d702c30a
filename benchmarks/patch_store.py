"""Patches a second while training: from the store, and by decoding the image for every patch.

    python benchmarks/patch_store.py

Decoding anew for every patch is what the paper's published code did. The mammograms are phantoms
of INbreast's size (3328 x 4084 px, 14 bit DICOM), written as INbreast; a few files stand for many
images, so the operating system holds them in memory and the disk's speed does not count.
"""

import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from centre_node.mammography.boxes import Box, jittered
from centre_node.mammography.crops import cropped, resized
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.phantoms.writing import write_phantoms
from node_api.data_sources import PhantomSet
from node_api.patches import Jitter, PatchConfiguration

SIZE = 128


def main(
    images: Annotated[int, typer.Option(help="Mammograms; INbreast has 410.")] = 410,
    phantom_patients: Annotated[int, typer.Option(help="Patients that are drawn.")] = 6,
    height: Annotated[int, typer.Option(help="Height of a mammogram in pixels.")] = 4084,
    draws: Annotated[int, typer.Option(help="Patches drawn from the store.")] = 3000,
    decoded: Annotated[int, typer.Option(help="Patches cut from images opened anew.")] = 60,
    workers: Annotated[int, typer.Option(help="Images cut at once.")] = 2,
) -> None:
    """Write phantoms, extract them, and time both ways of drawing a training patch."""
    with tempfile.TemporaryDirectory() as scratch:
        drawn = _drawn(phantom_patients, height, Path(scratch) / "inbreast")
        # Under ids of their own, a few files stand for many images.
        mammograms = [
            replace(drawn[number % len(drawn)], image_id=f"{number}", patient_id=f"{number // 4}")
            for number in range(images)
        ]
        store = _extract(mammograms, workers, Path(scratch) / "patches")
        fast = _rate_from_store(store, draws)
        slow = _rate_by_decoding(store, mammograms, decoded)
    typer.echo(
        f"store {fast:.0f} patches/s, decoding {slow:.1f} patches/s, ratio {fast / slow:.0f}"
    )


def _drawn(patients: int, height: int, folder: Path) -> tuple[Mammogram, ...]:
    phantoms = PhantomSet(
        style="digital",
        patients=patients,
        seed=0,
        image_height_px=height,
        calcifications="each",
    )
    start = time.perf_counter()
    write_phantoms(phantoms, folder, layout="inbreast", on_progress=lambda _done, _total: None)
    drawn = read_folder(folder, "inbreast", {}).mammograms
    first, seconds = drawn[0], time.perf_counter() - start
    typer.echo(f"{len(drawn)} phantoms of {first.width} x {first.height} px in {seconds:.0f} s")
    return drawn


def _extract(mammograms: Sequence[Mammogram], workers: int, folder: Path) -> PatchStore:
    lesions = sum(len(image.lesions) for image in mammograms)
    start = time.perf_counter()
    store = extract_patches(
        mammograms,
        folder=folder,
        configuration=PatchConfiguration(),
        lesion_kinds=("mass", "calcification", "other"),
        healthy=lesions // 2,
        seed=0,
        on_progress=lambda _done, _total: None,
        workers=workers,
    )
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    size = (folder / "pixels.bin").stat().st_size / 1e6
    typer.echo(
        f"{len(mammograms)} images, {len(store.records)} patches ({size:.0f} MB) extracted in "
        f"{seconds:.0f} s with {workers} workers, peak memory of the process {peak:.2f} GiB"
    )
    return store


def _rate_from_store(store: PatchStore, draws: int) -> float:
    random = np.random.default_rng(0)
    chosen = random.integers(len(store.records), size=draws)
    start = time.perf_counter()
    store.crops(chosen, size=SIZE, jitter=Jitter(), random=random)
    return draws / (time.perf_counter() - start)


def _rate_by_decoding(store: PatchStore, mammograms: Sequence[Mammogram], draws: int) -> float:
    """Open the mammogram, cut one jittered box, resize it: once for every patch."""
    images = {image.image_id: image for image in mammograms}
    random = np.random.default_rng(0)
    start = time.perf_counter()
    for index in random.integers(len(store.records), size=draws):
        record = store.records[index]
        image = images[record.image_id]
        lesion = Box(*record.lesion).moved(record.left, record.top) if record.lesion else None
        box = jittered(
            record.square_in_image,
            lesion,
            image_width=image.width,
            image_height=image.height,
            jitter=Jitter(),
            smallest_side=128,
            random=random,
        )
        resized(cropped(image.load(), box), SIZE)
    return draws / (time.perf_counter() - start)


if __name__ == "__main__":
    typer.run(main)
