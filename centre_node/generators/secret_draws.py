"""Random numbers that nobody can draw again: from the operating system, with no seed.

Whoever knew the noise of a training, or who was in a step, could take it off; so neither comes
from a generator with a state that could be kept, guessed or replayed. A training that is resumed
draws anew.

The numbers are computed in 64 bits. That the lowest bits of a noisy number could tell more than
the theory of real numbers says (Mironov 2012) is not defended against beyond that: no noisy
gradient is kept or leaves, only 32-bit weights after an optimiser's steps.
"""

import os

import numpy as np
from numpy.typing import NDArray

BITS = 53
"""Of a float's mantissa."""


def secret_uniform(count: int) -> NDArray[np.float64]:
    """Return numbers in [0, 1), shape (count,)."""
    words = np.frombuffer(os.urandom(8 * count), dtype=np.uint64)
    return (words >> np.uint64(64 - BITS)).astype(np.float64) * 2.0**-BITS


def secret_normal(count: int) -> NDArray[np.float64]:
    """Return standard normal numbers, shape (count,).

    Source: Box and Muller 1958.
    """
    half = (count + 1) // 2
    radius = np.sqrt(-2 * np.log1p(-secret_uniform(half)))
    angle = 2 * np.pi * secret_uniform(half)
    both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])
    drawn: NDArray[np.float64] = both[:count]
    return drawn


def secret_sample(count: int, rate: float) -> NDArray[np.int64]:
    """Return which of `count` are in a Poisson sample: each for itself with probability `rate`."""
    return np.flatnonzero(secret_uniform(count) < rate)
