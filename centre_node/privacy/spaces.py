"""Spaces in which patches are compared; none of them knows who was trained on.

Whatever is fitted is fitted to samples or to nobody's patches: a space that were fitted to members
would itself tell them from others.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from centre_node.privacy.candidates import as_rows

Patches = NDArray[np.uint8]
Embed = Callable[[Patches], NDArray[np.float32]]
"""Maps 8-bit patches, shape (n, side, side), to rows, shape (n, d)."""

Features = Callable[[Patches], NDArray[np.float64]]

FITTED_TO = 2000
PART = 2048
CLIPPED_AT = 10.0


def principal_components(samples: Patches, dimensions: int, *, whitened: bool) -> Embed:
    """Return what projects patches on the directions in which samples vary most.

    Args:
        samples: The first 2000 of them are looked at.
        dimensions: At most so many; fewer where samples do not vary in so many.
        whitened: Whether each direction is in units of its standard deviation.
    """
    rows = _grey(samples[:FITTED_TO])
    mean = rows.mean(axis=0)
    lengths, directions = _longest(rows - mean, dimensions)
    deviations = lengths / np.sqrt(max(1, len(rows) - 1))
    units = deviations if whitened else np.ones_like(lengths)
    projection = (directions / units).astype(np.float32)

    def embed(patches: Patches) -> NDArray[np.float32]:
        return _in_parts(patches, lambda part: (_grey(part) - mean) @ projection)

    return embed


def _longest(
    rows: NDArray[np.float32], most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the largest singular values of rows, and their directions, shape (d, k).

    By the products of rows in float64, which takes a tenth of the time of a whole decomposition.
    """
    exact = rows.astype(np.float64)
    count = len(exact)
    wanted = (max(0, count - most), count - 1)
    squares, weights = eigh(exact @ exact.T, subset_by_index=wanted)
    lengths = np.sqrt(squares.clip(min=0))[::-1]
    kept = lengths > 1e-5 * max(lengths[0], 1e-12)
    directions = exact.T @ weights[:, ::-1][:, kept] / lengths[kept]
    return lengths[kept], directions


def standardised(features: Features, samples: Patches) -> Embed:
    """Return what gives features in units of their standard deviation over samples.

    Values are clipped at 10 standard deviations either way.

    Args:
        features: Gives all finite values.
        samples: The first 2000 of them are looked at.
    """
    found = features(samples[:FITTED_TO])
    mean, deviation = found.mean(axis=0), found.std(axis=0)
    unit = np.where(deviation > 1e-6 * np.maximum(1, np.abs(mean)), deviation, 1.0)

    def embed(patches: Patches) -> NDArray[np.float32]:
        return _in_parts(
            patches,
            lambda part: np.clip((features(part) - mean) / unit, -CLIPPED_AT, CLIPPED_AT),
        )

    return embed


def _grey(patches: Patches) -> NDArray[np.float32]:
    return as_rows(patches).astype(np.float32) / np.float32(255)


def _in_parts(
    patches: Patches, of_part: Callable[[Patches], NDArray[np.floating]]
) -> NDArray[np.float32]:
    parts = [
        of_part(patches[start : start + PART]).astype(np.float32)
        for start in range(0, len(patches), PART)
    ]
    return np.concatenate(parts) if parts else of_part(patches).astype(np.float32)
