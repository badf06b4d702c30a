"""Feature matrices whose distances are known."""

import numpy as np

from centre_node.fidelity.features import Matrix


def normal(count: int, dimensions: int = 4, *, seed: int, shift: float = 0.0) -> Matrix:
    """Rows of a standard normal distribution, moved by `shift` along the first axis."""
    rows = np.random.default_rng(seed).normal(size=(count, dimensions))
    rows[:, 0] += shift
    return rows
