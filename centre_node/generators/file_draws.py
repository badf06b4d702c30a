"""Which weight file of an ensemble makes which patch: a pure function of the seed."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

STREAM = 1  # keeps these draws apart from any others of the same seed
ROUNDS = 64

FileNumbers = NDArray[np.int64]


def file_batches(
    files: int, shares: Sequence[float] | None, *, seed: int, batch: int
) -> Iterator[FileNumbers]:
    """Yield, without end, the number of the file that makes each patch, shape (batch,).

    Neither `batch` nor how many are taken changes which file makes the n-th patch.

    Args:
        files: How many there are; numbers count from 0.
        shares: Of the patches, in proportion, each over 0. Every patch is then drawn for itself.
            None is evenly: each file comes once in every `files` patches, in random order, so
            that counts never differ by more than 1.
        seed: 0 or more.
    """
    random = np.random.Generator(np.random.PCG64([seed, STREAM]))
    drawn = _evenly(files, random) if shares is None else _by_share(shares, random)
    left = np.empty(0, dtype=np.int64)
    for numbers in drawn:
        left = np.concatenate([left, numbers])
        while len(left) >= batch:
            yield left[:batch]
            left = left[batch:]


def _evenly(files: int, random: np.random.Generator) -> Iterator[FileNumbers]:
    while True:
        yield random.random((ROUNDS, files)).argsort(axis=1, kind="stable").ravel()


def _by_share(shares: Sequence[float], random: np.random.Generator) -> Iterator[FileNumbers]:
    edges = np.cumsum(shares)
    while True:
        yield np.searchsorted(edges / edges[-1], random.random(ROUNDS), side="right")
