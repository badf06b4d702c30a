"""The kernel distance (KID): an unbiased comparison of two distributions."""

import numpy as np

from centre_node.fidelity.features import Matrix

DEGREE = 3


def kernel_distance(first: Matrix, second: Matrix) -> float:
    """Return the unbiased squared maximum mean discrepancy with a polynomial kernel of degree 3.

    Its expectation is 0 for equal distributions, however few the rows; it can be negative.

    Args:
        first: Shape (n, d), n at least 2.
        second: Shape (m, d), m at least 2.

    Source: Binkowski et al. 2018 (arXiv 1801.01401), section 4.
    """
    ones = np.ones((1, len(first))), np.ones((1, len(second)))
    return float(_weighted(_kernels(first, second), *ones)[0])


def resampled_kernel_distances(
    first: Matrix, second: Matrix, *, resamples: int, random: np.random.Generator
) -> Matrix:
    """Return the kernel distance of bootstrap resamples of the rows, shape (resamples,).

    A row that is drawn twice is not compared with itself, which keeps each resample unbiased.
    Where the distributions are equal they scatter more than the distance itself.
    """
    drawn = (_resampled(len(rows), resamples, random) for rows in (first, second))
    return _weighted(_kernels(first, second), *drawn)


def _resampled(count: int, resamples: int, random: np.random.Generator) -> Matrix:
    """Return how often each row is drawn, shape (resamples, count)."""
    return random.multinomial(count, np.full(count, 1 / count), resamples).astype(np.float64)


def _kernels(first: Matrix, second: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return the kernel within the first, within the second (diagonals 0), and between them."""
    within = [_kernel(rows, rows) for rows in (first, second)]
    for matrix in within:
        np.fill_diagonal(matrix, 0.0)
    return within[0], within[1], _kernel(first, second)


def _kernel(first: Matrix, second: Matrix) -> Matrix:
    kernel: Matrix = (first @ second.T / first.shape[1] + 1) ** DEGREE
    return kernel


def _weighted(
    kernels: tuple[Matrix, Matrix, Matrix], on_first: Matrix, on_second: Matrix
) -> Matrix:
    """Return the distance under each row of weights, shapes (b, n) and (b, m); shape (b,)."""
    within_first, within_second, between = kernels
    mixed: Matrix = ((on_first @ between) * on_second).sum(axis=1)
    mixed /= on_first.sum(axis=1) * on_second.sum(axis=1)
    first, second = _mean_of_pairs(within_first, on_first), _mean_of_pairs(within_second, on_second)
    return first + second - 2 * mixed


def _mean_of_pairs(within: Matrix, weights: Matrix) -> Matrix:
    total: Matrix = ((weights @ within) * weights).sum(axis=1)
    pairs: Matrix = weights.sum(axis=1) ** 2 - (weights**2).sum(axis=1)
    return total / pairs
