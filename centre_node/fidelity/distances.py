"""Distances between feature vectors, for neighbours and duplicates."""

import numpy as np

from centre_node.fidelity.features import Matrix


def distances(first: Matrix, second: Matrix) -> Matrix:
    """Return the Euclidean distance of each pair of rows, shape (n, m)."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    apart: Matrix = np.sqrt(np.maximum(squares, 0.0))
    return apart


def to_nearest_others(features: Matrix, rank: int) -> Matrix:
    """Return each row's distance to its `rank`-th nearest other row, shape (n,); rank < n."""
    apart = distances(features, features)
    np.fill_diagonal(apart, np.inf)
    return np.partition(apart, rank - 1, axis=1)[:, rank - 1]
