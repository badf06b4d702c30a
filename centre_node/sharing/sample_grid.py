"""Draws the picture of synthetic patches that travels with a package."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from centre_node.device import default_device
from centre_node.errors import NotPublishableError
from centre_node.generators.sampling import Patches, Places, sample_ensemble
from shared.architectures import Architecture
from shared.sample_grids import LARGEST_SIDE_PX, Grid, grid_png

SEED = 0
GAP_PX = 2


def drawn_samples(
    weights: Sequence[Path],
    architecture: Architecture,
    *,
    count: int,
    shares: Sequence[float] | None,
) -> bytes | None:
    """Return a picture of the first patches that the weights draw; None of no patches.

    The seed is the same for all, so that nobody can have chosen the patches by their looks.

    Args:
        shares: Of the weight files; None is evenly.

    Raises:
        NotPublishableError: So many patches do not fit.
        WeightsRefusedError: The weights are not what the architecture declares.
    """
    if not count:
        return None
    cell = architecture.image_size + GAP_PX
    columns, most = math.ceil(math.sqrt(count)), (LARGEST_SIDE_PX + GAP_PX) // cell
    if columns > most:
        raise NotPublishableError(
            f"{count} samples of {architecture.image_size} px do not fit the picture; "
            f"{most * most} do"
        )
    rows = math.ceil(count / columns)
    grid = np.zeros((rows, cell, columns, cell), dtype=np.uint8)

    def keep(places: Places, patches: Patches) -> None:
        for place, patch in zip(places, patches, strict=True):
            grid[place // columns, :-GAP_PX, place % columns, :-GAP_PX] = patch

    sample_ensemble(
        weights,
        architecture,
        count=count,
        seed=SEED,
        device=default_device(),
        keep=keep,
        shares=shares,
    )
    picture = grid.reshape(rows * cell, columns * cell)[:-GAP_PX, :-GAP_PX]
    height, width = picture.shape
    return grid_png(Grid(width, height, np.ascontiguousarray(picture).tobytes()))
