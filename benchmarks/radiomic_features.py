"""Milliseconds for the radiomic features of a patch: ours against pyradiomics, in one run.

Both compute the same features (firstorder, glcm, glrlm, ngtdm; 32 grey levels) of the same
filtered images (original, Laplacian of Gaussian 2, 3, 4, 5 px, stationary coiflet), and in turns.
pyradiomics is asked class by class, without the checks of its extractor, which cost more.

Example: python benchmarks/radiomic_features.py --side 128 --patches 32 --threads 1
"""

import importlib
import importlib.util
import logging
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from centre_node.fidelity.radiomics.extraction import FEATURE_NAMES, radiomic_features
from centre_node.fidelity.radiomics.filters import SIGMAS_PX

CLASSES = {
    "firstorder": "RadiomicsFirstOrder",
    "glcm": "RadiomicsGLCM",
    "glrlm": "RadiomicsGLRLM",
    "ngtdm": "RadiomicsNGTDM",
}
WARM_UP = 1


def main(
    side: Annotated[int, typer.Option(help="Side of a patch in pixels.")] = 128,
    patches: Annotated[int, typer.Option(help="Patches in one of our calls.")] = 32,
    rounds: Annotated[int, typer.Option(help="Times that each is measured.")] = 7,
    threads: Annotated[int, typer.Option(help="Threads that torch may use.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda: where ours runs.")] = "cpu",
) -> None:
    """Measure both in turns and print the medians and their ratio."""
    torch.set_num_threads(threads)
    made_up = _textures(patches, side)
    typer.echo(f"{side} px, {len(FEATURE_NAMES)} features, {threads} thread(s), ours on {device}")
    peer = _pyradiomics(threads)
    ours, theirs = [], []
    for index in range(rounds + WARM_UP):
        seconds = _seconds(lambda: radiomic_features(made_up, torch.device(device))) / patches
        of_peer = None if peer is None else _seconds(lambda: peer(made_up[0]))
        if index >= WARM_UP:
            ours.append(seconds)
            theirs += [] if of_peer is None else [of_peer]
    typer.echo(f"ours        {_shown(ours)}")
    if theirs:
        typer.echo(f"pyradiomics {_shown(theirs)}")
        typer.echo(
            f"pyradiomics / ours = {statistics.median(theirs) / statistics.median(ours):.1f}"
        )
    else:
        typer.echo("pyradiomics is not installed: not measured")


def _textures(count: int, side: int) -> NDArray[np.uint8]:
    """Return smooth fields with some noise; a texture's run lengths decide a part of the time."""
    random = np.random.default_rng(0)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    spectrum = np.fft.fft2(random.normal(size=(count, side, side))) / (frequency + 0.03) ** 1.5
    smooth = np.fft.ifft2(spectrum).real
    values = smooth / smooth.std() * 40 + 110 + random.normal(0, 3, smooth.shape)
    patches: NDArray[np.uint8] = values.clip(0, 255).astype(np.uint8)
    return patches


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _pyradiomics(threads: int) -> Callable[[NDArray[np.uint8]], int] | None:
    """Return what computes a patch's features with pyradiomics, and returns how many."""
    if importlib.util.find_spec("radiomics") is None:
        return None
    warnings.simplefilter("ignore")
    radiomics = importlib.import_module("radiomics")
    radiomics.logger.setLevel(logging.ERROR)
    sitk = importlib.import_module("SimpleITK")
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)

    def features(patch: NDArray[np.uint8]) -> int:
        image = sitk.GetImageFromArray(patch)
        operations = radiomics.imageoperations
        images = [
            image,
            *(found for found, *_ in operations.getLoGImage(image, image, sigma=SIGMAS_PX)),
            *(found for found, *_ in operations.getWaveletImage(image, image)),
        ]
        return sum(_count(sitk, filtered, kind) for filtered in images for kind in CLASSES)

    return features


def _count(sitk: Any, image: Any, kind: str) -> int:
    """Compute one class of features of one image and return how many there are."""
    mask = sitk.GetImageFromArray(np.ones((1, *image.GetSize()[::-1]), dtype=np.uint8))
    volume = sitk.JoinSeries(image)
    mask.CopyInformation(volume)
    calculator = getattr(importlib.import_module(f"radiomics.{kind}"), CLASSES[kind])(
        volume, mask, binCount=32, force2D=True
    )
    calculator.enableAllFeatures()
    return len(calculator.execute())


def _shown(seconds: list[float]) -> str:
    times = [1000 * value for value in seconds]
    return f"{statistics.median(times):8.2f} ms/patch  ({min(times):.2f} to {max(times):.2f})"


if __name__ == "__main__":
    typer.run(main)
