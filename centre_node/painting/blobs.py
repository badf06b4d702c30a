"""Lesions that nobody had: a bright ellipse with a noisy edge."""

import numpy as np
from numpy.typing import NDArray

from centre_node.painting.ellipses import Ellipse
from centre_node.painting.marks import CORE, Marks, faded

WAVES = np.arange(2, 9)
"""Of the edge: so often it goes out and in around the ellipse."""

ROUGHNESS = 0.1
"""Standard deviation of a wave that goes round once, as a share of the radius; wave k has 1 / k."""

RIM, SOFTNESS = 0.7, 0.6
"""Mean radius at which a blob has half of its grey, and the width over which it gets it."""

ANGLES = 256


def blob_marks(count: int, contrast: float, *, size: int, random: np.random.Generator) -> Marks:
    """Draw blobs that are brightest inside, each in a circle that fills its patch.

    They get the axes of lesions when they are painted.

    Args:
        contrast: Grey value of the middle.
        size: Side of the patches in pixels.
    """
    circle = Ellipse(size / 2, size / 2, size / 2, size / 2)
    radii = circle.radii(size)
    edges = _edges(count, random)[:, _directions(size)]  # (n, size, size)
    residuals = contrast * faded((edges - radii) / SOFTNESS + 0.5) * faded((1 - radii) / 0.1)
    return Marks(
        residuals=residuals.astype(np.float32),
        ellipses=(circle,) * count,
        contrasts=residuals[:, radii < CORE].mean(axis=1),
    )


def _edges(count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Return how far the edge is from the centre in every direction, shape (count, ANGLES)."""
    directions = np.arange(ANGLES) / ANGLES * 2 * np.pi
    waves = np.exp(1j * np.outer(WAVES, directions))  # (waves, ANGLES)
    heights = random.normal(size=(count, len(WAVES), 2)) @ (1, 1j)
    edges: NDArray[np.float32] = (RIM + (heights * ROUGHNESS / WAVES @ waves).real).astype(
        np.float32
    )
    return edges


def _directions(size: int) -> NDArray[np.int64]:
    """Return the direction in which each pixel lies, as a column of `_edges`."""
    pixels = np.arange(size) + 0.5 - size / 2
    angles = np.arctan2(pixels[:, None], pixels[None, :])
    columns: NDArray[np.int64] = np.floor(angles / (2 * np.pi) * ANGLES).astype(np.int64) % ANGLES
    return columns
