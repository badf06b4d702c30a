"""From patches to numbers: what every metric is computed on."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Features = Callable[[NDArray[np.uint8]], Matrix]
"""Maps 8-bit patches, shape (n, side, side), to features, shape (n, d), all finite."""

LIMIT = 10.0


def standardised(reference: Matrix, *others: Matrix) -> tuple[Matrix, ...]:
    """Return the sets in units of the reference's standard deviation, from its mean.

    A feature that is constant in the reference keeps its unit. Values are clipped at 10 standard
    deviations either way: one flat patch, whose coarseness is a million, would else outweigh
    all others.

    Args:
        reference: Shape (n, d).
        others: Shape (any, d) each.

    Returns:
        The reference and the others.

    Raises:
        ValueError: The sets differ in their number of features, or a value is not finite.
    """
    sets = (reference, *others)
    if len({matrix.shape[1] for matrix in sets}) > 1:
        raise ValueError(f"sets have {[matrix.shape[1] for matrix in sets]} features, not the same")
    if not all(np.isfinite(matrix).all() for matrix in sets):
        raise ValueError("a feature is NaN or infinite")
    mean, deviation = reference.mean(axis=0), reference.std(axis=0)
    unit = np.where(deviation > 1e-12 * np.maximum(1, np.abs(mean)), deviation, 1.0)
    return tuple(np.clip((matrix - mean) / unit, -LIMIT, LIMIT) for matrix in sets)


def principal_components(reference: Matrix, dimensions: int, *sets: Matrix) -> tuple[Matrix, ...]:
    """Return the sets along the directions in which the reference varies most, its mean at 0.

    Args:
        reference: Shape (n, d).
        dimensions: How many directions, at most d and n.
        sets: Shape (any, d) each.

    Returns:
        Shape (any, dimensions) each.
    """
    mean = reference.mean(axis=0)
    _, _, directions = np.linalg.svd(reference - mean, full_matrices=False)
    return tuple((matrix - mean) @ directions[:dimensions].T for matrix in sets)
