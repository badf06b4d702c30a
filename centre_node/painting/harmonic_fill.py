"""What a patch would show without its lesion: the tissue around it, carried on smoothly."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

Plane = NDArray[np.float64]


def harmonic_fill(patch: NDArray[np.uint8] | Plane, inside: NDArray[np.bool_]) -> Plane:
    """Return a patch whose inside solves Laplace's equation with the outside as its boundary.

    Every filled pixel is the mean of its four neighbours, so the fill has no edge, no bump, and
    carries a ramp on exactly.

    Args:
        patch: Grey values, shape (height, width).
        inside: What is filled; the patch's border is not, shape (height, width).

    Source: Perez, Gangnet and Blake 2003, Poisson image editing (ACM TOG 22), section 2.
    """
    filled = patch.astype(np.float64)
    rows, columns = np.nonzero(inside)
    if not len(rows):
        return filled
    known = np.where(inside, 0.0, filled)
    around = known[:-2, 1:-1] + known[2:, 1:-1] + known[1:-1, :-2] + known[1:-1, 2:]
    boundary = around[rows - 1, columns - 1]
    filled[rows, columns] = solveh_banded(_laplacian(inside), boundary, check_finite=False)
    return filled


def _laplacian(inside: NDArray[np.bool_]) -> Plane:
    """Return 4 on the diagonal and -1 for each pair of neighbours, in upper banded form.

    Pixels count row by row; no band is wider than the widest pair of neighbouring rows.
    """
    numbers = np.cumsum(inside).reshape(inside.shape) - 1
    below = inside[:-1] & inside[1:]
    upper, lower = numbers[:-1][below], numbers[1:][below]
    right = numbers[:, 1:][inside[:, :-1] & inside[:, 1:]]
    width = max(int((lower - upper).max(initial=1)), 1)
    bands = np.zeros((width + 1, int(inside.sum())))
    bands[width] = 4
    bands[width - 1, right] = -1
    bands[width - (lower - upper), lower] = -1
    return bands
