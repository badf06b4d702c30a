"""Milliseconds for the radiomic features of a patch: ours against pyradiomics, in one run.

All compute the same features (firstorder, glcm, glrlm, ngtdm; 32 grey levels) of the same
filtered images (original, Laplacian of Gaussian 2, 3, 4, 5 px, stationary coiflet), in turns.
pyradiomics is asked in two ways: as its manual says, with the extractor, which also checks the
mask and describes the image; and class by class, which spares it that. In the first the mask
lacks one corner pixel, for the extractor takes a mask of the whole image for an empty one, and
the image has two dimensions, as has every patch: `force2D` is for slices of a volume.

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
OURS, WARM_UP = "ours", 1


def main(
    side: Annotated[int, typer.Option(help="Side of a patch in pixels.")] = 128,
    patches: Annotated[int, typer.Option(help="Patches in one of our calls.")] = 32,
    rounds: Annotated[int, typer.Option(help="Times that each is measured.")] = 7,
    threads: Annotated[int, typer.Option(help="Threads that torch may use.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda: where ours runs.")] = "cpu",
) -> None:
    """Measure all in turns and print the medians and their ratios."""
    torch.set_num_threads(threads)
    made_up = _textures(patches, side)
    typer.echo(f"{side} px, {len(FEATURE_NAMES)} features, {threads} thread(s), ours on {device}")
    work: dict[str, Callable[[], object]] = {
        OURS: lambda: radiomic_features(made_up, torch.device(device)),
        **_pyradiomics(threads, made_up[0]),
    }
    taken: dict[str, list[float]] = {name: [] for name in work}
    for index in range(rounds + WARM_UP):
        for name, of_one in work.items():
            seconds = _seconds(of_one) / (patches if name == OURS else 1)
            if index >= WARM_UP:
                taken[name].append(seconds)
    for name, times in taken.items():
        typer.echo(f"{name:<28}{_shown(times)}")
    for name in list(taken)[1:]:
        ratio = statistics.median(taken[name]) / statistics.median(taken[OURS])
        typer.echo(f"{name} / ours = {ratio:.1f}")
    if len(taken) == 1:
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


def _pyradiomics(threads: int, patch: NDArray[np.uint8]) -> dict[str, Callable[[], object]]:
    """Return what computes a patch's features with pyradiomics, by the way it is asked."""
    if importlib.util.find_spec("radiomics") is None:
        return {}
    warnings.simplefilter("ignore")
    radiomics = importlib.import_module("radiomics")
    radiomics.logger.setLevel(logging.ERROR)
    sitk = importlib.import_module("SimpleITK")
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    return {
        "pyradiomics, extractor": _by_extractor(sitk, patch),
        "pyradiomics, class by class": _class_by_class(radiomics, sitk, patch),
    }


def _by_extractor(sitk: Any, patch: NDArray[np.uint8]) -> Callable[[], object]:
    extractors = importlib.import_module("radiomics.featureextractor")
    extractor = extractors.RadiomicsFeatureExtractor(binCount=32)
    extractor.disableAllFeatures()
    for kind in CLASSES:
        extractor.enableFeatureClassByName(kind)
    extractor.enableImageTypes(
        Original={}, LoG={"sigma": list(SIGMAS_PX)}, Wavelet={"wavelet": "coif1"}
    )
    inside = np.ones_like(patch)
    inside[0, 0] = 0
    image, mask = sitk.GetImageFromArray(patch), sitk.GetImageFromArray(inside)
    return lambda: extractor.execute(image, mask)


def _class_by_class(radiomics: Any, sitk: Any, patch: NDArray[np.uint8]) -> Callable[[], object]:
    def features() -> int:
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
