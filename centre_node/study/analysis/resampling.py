"""The bootstrap over seeds and over patients."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.classifiers.metrics import most_of_each
from centre_node.study.analysis.predictions import Labels, Matrix, TestPatches, Vector
from node_api.findings import Interval

TAIL = 0.025
MOST_VALUES = 2**21
"""Of an array of weights, so that a study needs a few hundred megabytes at most."""


@dataclass(frozen=True)
class Bootstrap:
    """Resamples of a study, the same for all its runs: every comparison is paired.

    A resample draws patients, with all their patches, anew from those with a lesion patch and from
    those without, as many as there are of either; and seeds, one fewer than there are, because of
    n seeds' mean n - 1 draws have the variance of n new seeds. Patients and seeds are crossed: all
    the seeds of a resample see the same patients. The spread is then slightly too wide, never too
    narrow, for what patients and seeds have to do with each other. It speaks of other patients and
    other seeds of this study, not of another split or other training patches.

    Attributes:
        patient_of: Whose patch it is, counted from 0, shape (n,).
        drawn: How often a patient is drawn, shape (patients, resamples).

    Source: Owen 2007 (arXiv 0712.1111) for crossed draws; Rao and Wu 1988 for n - 1.
    """

    patient_of: NDArray[np.int64]
    drawn: NDArray[np.uint16]
    seed: int

    @classmethod
    def of(cls, test: TestPatches, *, resamples: int, seed: int) -> "Bootstrap":
        """Draw patients."""
        _, patient_of = np.unique(test.patients, return_inverse=True)
        has_lesion = most_of_each(patient_of, test.labels)
        drawn = drawn_patients(has_lesion, resamples=resamples, seed=seed)
        return cls(patient_of, drawn, seed)

    @property
    def resamples(self) -> int:
        """How many there are."""
        return len(self.drawn.T)

    def parts(self) -> Iterator[slice]:
        """Yield the resamples in parts whose patch weights fit into memory."""
        size = max(1, MOST_VALUES // len(self.patient_of))
        for start in range(0, self.resamples, size):
            yield slice(start, min(start + size, self.resamples))

    def of_patients(self, part: slice) -> Matrix:
        """Return how often patients are drawn, shape (patients, size of `part`)."""
        return self.drawn[:, part].astype(np.float64)

    def of_seeds(self, count: int) -> Matrix:
        """Return how often each of `count` seeds is drawn, shape (count, resamples).

        It depends on `count` alone, so that statistics of the same seeds are paired.
        """
        random = np.random.default_rng([self.seed, count])
        even = np.full(count, 1 / count)
        return random.multinomial(max(count - 1, 1), even, self.resamples).T.astype(np.float64)

    def mean(self, values: Matrix) -> Matrix:
        """Return the mean over seeds in each resample.

        Args:
            values: What each seed's run has in the first resamples of patients, shape
                (seeds, ..., r); the result has shape (..., r).
        """
        drawn = self.of_seeds(len(values))[:, : values.shape[-1]]
        mean: Matrix = np.einsum("sr,s...r->...r", drawn, values) / drawn.sum(axis=0)
        return mean


def drawn_patients(has_lesion: Labels, *, resamples: int, seed: int) -> NDArray[np.uint16]:
    """Return how often each patient is drawn, shape (patients, resamples).

    Args:
        has_lesion: Whether the patient has a lesion patch, 1 or 0, shape (patients,); as many with
            one, and as many without, are in each resample.
    """
    random = np.random.default_rng([seed])
    drawn = np.zeros((len(has_lesion), resamples), dtype=np.uint16)
    for label in (0, 1):
        stratum = np.flatnonzero(has_lesion == label)
        if len(stratum):
            even = np.full(len(stratum), 1 / len(stratum))
            drawn[stratum] = random.multinomial(len(stratum), even, resamples).T
    return drawn


def interval_of(values: Vector) -> Interval | None:
    """Return the 2.5 % and the 97.5 % quantile of resamples; None where none is defined.

    Resamples that are NaN (all their patches of one class) are left out.
    """
    defined = values[np.isfinite(values)]
    if not len(defined):
        return None
    low, high = np.quantile(defined, [TAIL, 1 - TAIL])
    return Interval(low=float(low), high=float(high))
