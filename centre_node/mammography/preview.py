"""Pictures of what was cut: contact sheets by class and subset, and histograms."""

import io
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box
from centre_node.mammography.crops import resized
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.pictures import Picture, encoded_png, titled_sheet, write_encoded_png
from centre_node.mammography.shortcuts import shortcut_features
from shared.files import whole_folder

PATCHES, HISTOGRAMS = "patches.png", "histograms.png"
COLUMNS = 12
CLASSES = (("lesion", 1), ("healthy", 0))
COLOURS = {"lesion": "#b3402a", "healthy": "#2f6f8f"}
OUTLINE_BGR = (60, 200, 255)
AXES = ("sharpness (log variance of the Laplacian)", "mean grey value", "side in the image (px)")


def patch_sheet(stores: Mapping[str, PatchStore], *, count: int, size: int) -> Picture:
    """Return rows of patches, BGR: each subset's classes, and the first subset's with jitter.

    Args:
        stores: By the subset's name.
        count: Patches of each class and subset.
        size: Side of a patch in pixels.
    """
    rows: list[tuple[str, Picture]] = []
    for subset, store in stores.items():
        for name, label in CLASSES:
            indices = _spread(store.indices(label), count)
            if len(indices):
                outlined = np.stack([_outlined(store, int(index), size) for index in indices])
                rows.append((f"{subset}: {name}", outlined))
    rows += _jittered_rows(*next(iter(stores.items())), count=count, size=size)
    return titled_sheet(rows, columns=COLUMNS)


def histograms(stores: Mapping[str, PatchStore], *, size: int) -> bytes:
    """Return a PNG of sharpness, mean and size by class: where they differ there is a shortcut."""
    features = np.concatenate([shortcut_features(store, size=size) for store in stores.values()])
    labels = np.concatenate([store.labels for store in stores.values()])
    figure = Figure(figsize=(13, 3.6), layout="constrained")
    for column, (axes, title) in enumerate(zip(figure.subplots(1, 3), AXES, strict=True)):
        bins = np.histogram_bin_edges(features[:, column], bins=30)
        for name, label in CLASSES:
            values = features[labels == label, column]
            axes.hist(
                values, bins, density=True, alpha=0.55, color=COLOURS[name],
                label=f"{name} (n = {len(values)})",
            )  # fmt: skip
        axes.set_xlabel(title)
        axes.set_yticks([])
        axes.spines[["left", "right", "top"]].set_visible(False)
    figure.axes[0].legend(frameon=False)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue()


def write_preview(
    stores: Mapping[str, PatchStore], folder: Path, *, count: int, size: int
) -> tuple[Path, Path]:
    """Write patches.png and histograms.png into `folder`, and return their paths.

    Both are drawn before either is written: a new folder appears with both, or not at all.
    """
    sheet = encoded_png(patch_sheet(stores, count=count, size=size))
    charts = histograms(stores, size=size)
    # One that is there already may be a mount, which nothing can take the place of.
    place = nullcontext(folder) if folder.exists() else whole_folder(folder)
    with place as writable:
        write_encoded_png(writable / PATCHES, sheet)
        write_encoded_png(writable / HISTOGRAMS, charts)
    return folder / PATCHES, folder / HISTOGRAMS


def _spread(indices: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return at most `count` of them, evenly spaced, so that one patient does not fill the row."""
    if len(indices) <= count:
        return indices
    spread: NDArray[np.int64] = indices[np.linspace(0, len(indices) - 1, count).astype(int)]
    return spread


def _jittered_rows(
    subset: str, store: PatchStore, *, count: int, size: int
) -> list[tuple[str, Picture]]:
    random = np.random.default_rng(0)
    rows = []
    for name, label in CLASSES:
        indices = _spread(store.indices(label), count)
        if len(indices):
            jitter = store.configuration.jitter
            crops = store.crops(indices, size=size, jitter=jitter, random=random)
            rows.append((f"{subset}: {name}, with jitter", crops))
    return rows


def _outlined(store: PatchStore, index: int, size: int) -> Picture:
    """Return the square in colour, its lesion's outline (or box, where it has none) drawn on it."""
    record = store.records[index]
    patch = cv2.cvtColor(resized(store.square(index), size), cv2.COLOR_GRAY2BGR)
    if record.lesion is None:
        return np.asarray(patch, dtype=np.uint8)
    square, lesion = Box(*record.square), Box(*record.lesion)
    contours = record.contours or (_corners(lesion),)
    for contour in contours:
        points = np.array(contour).reshape(-1, 2) - (square.left, square.top)
        scaled = np.round(points * (size / square.width)).astype(np.int32)
        cv2.polylines(patch, [scaled], isClosed=True, color=OUTLINE_BGR, thickness=1)
    return np.asarray(patch, dtype=np.uint8)


def _corners(box: Box) -> tuple[float, ...]:
    left, top, right, bottom = box.left, box.top, box.right - 1, box.bottom - 1
    return (left, top, right, top, right, bottom, left, bottom)
