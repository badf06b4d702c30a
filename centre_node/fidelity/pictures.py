"""Pictures of fidelity as PNG. They may show real patches: they stay in the centre."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from centre_node.fidelity.distances import distances, to_nearest_others
from centre_node.fidelity.features import Matrix
from centre_node.mammography.pictures import contact_sheet

Patches = NDArray[np.uint8]

DOTS_PER_INCH = 100
PATCH_INCHES = 0.85
TITLES = {"kid": "KID", "auroc": "AUROC", "frechet_ratio": "Frechet ratio"}
REAL_COLOUR, SYNTHETIC_COLOUR = "#1b6ca8", "#c2571a"


def side_by_side(
    real: Patches, synthetic: Patches, *, columns: int = 6, most_rows: int = 6
) -> bytes:
    """Return a PNG with the first real patches left and the first synthetic ones right.

    Args:
        real: 8-bit, shape (n, side, side), n at least 1.
        synthetic: 8-bit, shape (m, side, side), m at least 1.
    """
    shown = min(len(real), len(synthetic), columns * most_rows)
    rows = -(-shown // columns)
    figure = Figure(
        figsize=(2 * columns * PATCH_INCHES + 0.4, rows * PATCH_INCHES + 0.6), layout="constrained"
    )
    axes = figure.subplots(1, 2)
    for place, title, patches in zip(axes, ("real", "synthetic"), (real, synthetic), strict=True):
        sheet = contact_sheet(patches[:shown], columns=columns)
        place.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        place.set_title(f"{title} ({len(patches)}, {shown} shown)", fontsize=10)
        place.set_axis_off()
    return _png(figure)


def nearest_neighbours(
    synthetic: Patches,
    real: Patches,
    *,
    synthetic_features: Matrix,
    real_features: Matrix,
    most: int = 12,
) -> bytes:
    """Return a PNG of the samples that are nearest to a real patch, each above that patch.

    The nearest come first. The title tells how near real patches are to each other: a sample that
    only resembles them is not much nearer. Flattened patches as features compare pixels, which
    takes a mirrored copy for something else.

    Args:
        synthetic: 8-bit, shape (m, side, side), m at least 1.
        real: 8-bit, shape (n, side, side), n at least 1.
        synthetic_features: Shape (m, d).
        real_features: In the same units, shape (n, d).
    """
    apart = distances(synthetic_features, real_features)
    chosen = np.argsort(apart.min(axis=1), kind="stable")[:most]
    figure = Figure(
        figsize=(max(3.5, len(chosen) * PATCH_INCHES) + 0.9, 2 * PATCH_INCHES + 0.9),
        layout="constrained",
    )
    axes = figure.subplots(2, len(chosen), squeeze=False)
    for column, sample in enumerate(chosen):
        neighbour = int(apart[sample].argmin())
        for place, patch in zip(axes[:, column], (synthetic[sample], real[neighbour]), strict=True):
            place.imshow(patch, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            place.set_xticks([])
            place.set_yticks([])
        axes[0, column].set_title(f"{apart[sample, neighbour]:.3g}", fontsize=8)
    axes[0, 0].set_ylabel("synthetic", fontsize=9)
    axes[1, 0].set_ylabel("nearest real", fontsize=9)
    figure.suptitle(nearest_title(real_features), fontsize=10)
    return _png(figure)


def nearest_title(real_features: Matrix) -> str:
    """Return what the numbers are, and what to hold them against; features have shape (n, d)."""
    title = "The samples that are nearest to a real patch, and their distance"
    if len(real_features) == 1:
        return title
    usual = np.median(to_nearest_others(real_features, 1))
    return f"{title}\nhalf of the real patches have another real one within {usual:.3g}"


def metric_curves(
    epochs: Sequence[int],
    synthetic: Mapping[str, Sequence[float | None]],
    real_real: Mapping[str, float | None],
    intervals: Mapping[str, Sequence[tuple[float, float]]] | None = None,
) -> bytes:
    """Return a PNG with a panel for each metric over a training's epochs.

    Args:
        epochs: Of the checkpoints that were judged, in order.
        synthetic: By metric, its value at each epoch; None where it is undefined.
        real_real: By metric, the two real halves' value: a dashed line.
        intervals: By metric, where there are any, the interval at each epoch: a band.
    """
    columns = 2 if len(synthetic) == 4 else min(3, len(synthetic))
    rows = -(-len(synthetic) // columns)
    figure = Figure(figsize=(3.4 * columns, 2.4 * rows), layout="constrained")
    places = figure.subplots(rows, columns, squeeze=False, sharex=True).flatten()
    for place, (metric, values) in zip(places, synthetic.items(), strict=False):
        line = [np.nan if value is None else value for value in values]
        place.plot(epochs, line, "o-", markersize=3, color=SYNTHETIC_COLOUR, label="synthetic")
        if intervals is not None and metric in intervals:
            low, high = zip(*intervals[metric], strict=True)
            place.fill_between(epochs, low, high, color=SYNTHETIC_COLOUR, alpha=0.2, linewidth=0)
        if (expected := real_real.get(metric)) is not None:
            place.axhline(expected, linestyle="--", color=REAL_COLOUR, label="real half")
        place.set_title(TITLES.get(metric, metric.replace("_", " ")), fontsize=10)
        place.set_xlabel("epoch", fontsize=9)
        place.tick_params(labelsize=8, labelbottom=True)
        place.grid(alpha=0.25)
    for place in places[len(synthetic) :]:
        place.set_axis_off()
    places[0].legend(fontsize=8)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    return buffer.getvalue()
