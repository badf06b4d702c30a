"""Radiomic features of patches: what is taken from which image, under which name."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from centre_node.fidelity.radiomics import (
    cooccurrence,
    first_order,
    neighbour_differences,
    run_lengths,
)
from centre_node.fidelity.radiomics.filters import IMAGES, filtered
from centre_node.fidelity.radiomics.grey_levels import grey_levels, level_counts

CHUNK_PIXELS = 4 * 128 * 128
SMALLEST_SIDE = 8
LARGE_BLOCK_BYTES = 31 * 2**20
"""Just below the 32 MiB from which on the C library draws no conclusion from a block."""

CLASSES = {
    "firstorder": first_order.NAMES,
    "glcm": cooccurrence.NAMES,
    "glrlm": run_lengths.NAMES,
    "ngtdm": neighbour_differences.NAMES,
}
FEATURE_NAMES = tuple(
    f"{image}_{kind}_{name}"
    for image in IMAGES
    for kind, names in CLASSES.items()
    for name in names
)
"""The names of the 558 columns: image, class and feature, as in pyradiomics."""


def radiomic_features(
    patches: NDArray[np.uint8],
    device: torch.device,
    on_count: Callable[[int], object] = lambda _more: None,
) -> NDArray[np.float64]:
    """Return the features of patches, all finite, in the order of `FEATURE_NAMES`.

    Memory does not grow with the number of patches, but for the result.

    Args:
        patches: 8-bit, shape (n, side, side), side 8 or more.
        on_count: Told of how many more are done; what it raises stops the work.

    Returns:
        Shape (n, 558).

    Source: Konz et al., "Frechet radiomic distance", 2024 (arXiv 2412.01496), whose filters
    and classes these are.
    Deviation: it also takes the grey level size zone matrix, normalises and resamples each
    image, and sorts grey values by width instead of count.
    """
    side = patches.shape[-1]
    if patches.dtype != np.uint8 or patches.ndim != 3 or patches.shape[1] != side:
        raise ValueError(f"patches are {patches.dtype} {patches.shape}, expected uint8 squares")
    if side < SMALLEST_SIDE:
        raise ValueError(f"patches have a side of {side} px, at least {SMALLEST_SIDE} are needed")
    _keep_freed_memory()
    features = np.empty((len(patches), len(FEATURE_NAMES)))
    size = max(1, CHUNK_PIXELS // side**2)
    for start in range(0, len(patches), size):
        chunk = torch.tensor(patches[start : start + size], device=device)
        features[start : start + size] = _features(chunk).cpu().numpy()
        on_count(len(chunk))
    return features


def _keep_freed_memory() -> None:
    """Take and give back a block that is large, but not too large, and never written to.

    The C library of Linux then keeps up to twice as much of what is freed for the next request.
    Else it returns it to the system, and a quarter of the time goes into asking for it again.
    """
    torch.empty(LARGE_BLOCK_BYTES, dtype=torch.uint8)


@torch.inference_mode()
def _features(patches: Tensor) -> Tensor:
    """Return the features of a chunk; float64, shape (n, 558)."""
    images = filtered(patches).flatten(0, 1)  # (n * 9, side, side)
    levels = grey_levels(images)
    counts = level_counts(levels)
    parts = [
        first_order.first_order_features(images, counts),
        cooccurrence.cooccurrence_features(levels),
        run_lengths.run_length_features(levels),
        neighbour_differences.neighbour_difference_features(levels, counts),
    ]
    return torch.cat(parts, dim=1).view(len(patches), -1)
