"""The Frechet distance between two sets of features, taken for Gaussians."""

import numpy as np

from centre_node.fidelity.features import Matrix


def frechet_distance(first: Matrix, second: Matrix) -> float:
    """Return the squared 2-Wasserstein distance of the Gaussians with the sets' moments.

    It is biased upwards, the more so the fewer the rows are for the columns.

    Args:
        first: Shape (n, d), n at least 2.
        second: Shape (m, d), m at least 2.

    Source: Heusel et al. 2017 (arXiv 1706.08500), equation 6, by eigenvalues instead of a
    matrix square root, which can turn out complex.
    """
    covariances = [np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (first, second)]
    values, vectors = np.linalg.eigh(covariances[0])
    root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    shared = np.linalg.eigvalsh(root @ covariances[1] @ root)
    apart = first.mean(axis=0) - second.mean(axis=0)
    traces = np.trace(covariances[0]) + np.trace(covariances[1])
    distance = apart @ apart + traces - 2 * np.sqrt(np.maximum(shared, 0.0)).sum()
    return max(0.0, float(distance))
