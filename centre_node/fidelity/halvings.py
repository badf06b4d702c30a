"""Halves of the real patches, and what is drawn to be compared with the first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.fidelity.collapse import SMALLEST_SET
from centre_node.fidelity.features import Matrix, standardised

HALVINGS = 5

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Halving:
    """One half of the real patches, and what is compared with it: the other half first.

    Each set has a number for each patch's patient beside it.
    """

    reference: Matrix
    candidates: tuple[Matrix, ...]
    owners: tuple[Indices, ...]  # of the reference, then of each candidate

    @property
    def is_large_enough(self) -> bool:
        """Whether there are patches enough to say anything."""
        return len(self.reference) >= SMALLEST_SET


def draw_halvings(
    real: Matrix,
    others: Sequence[Matrix],
    *,
    patients: Sequence[str] | None,
    largest_set: int,
    random: np.random.Generator,
) -> list[Halving]:
    """Return five random halvings; all sets have equally many rows, standardised by the first.

    Args:
        real: Features of real patches, shape (n, d).
        others: Of other sets, shape (any, d) each.
        patients: Whose each real patch is; the halves then share none.
        largest_set: Rows at most of each set, drawn at random.
    """
    owners = _numbered(patients, len(real))
    halves = [_halves(owners, random) for _ in range(HALVINGS)]
    count = min(*(len(half) for pair in halves for half in pair), *map(len, others), largest_set)
    return [_draw_halving(real, owners, others, pair, count, random) for pair in halves]


def halves(
    patients: Sequence[str] | None, count: int, random: np.random.Generator
) -> tuple[Indices, Indices]:
    """Return which of `count` patches are in each of two random halves that share no patient."""
    return _halves(_numbered(patients, count), random)


def _numbered(patients: Sequence[str] | None, count: int) -> Indices:
    """Return a number for each patch's patient, shape (count,)."""
    if patients is None:
        return np.arange(count)
    if len(patients) != count:
        raise ValueError(f"{len(patients)} patients are given for {count} real patches")
    return np.unique(np.asarray(patients), return_inverse=True)[1].astype(np.int64)


def _halves(owners: Indices, random: np.random.Generator) -> tuple[Indices, Indices]:
    """Share the patients out at random, each to the half with fewer patches so far."""
    in_second, sizes = np.zeros(len(owners), dtype=bool), [0, 0]
    for owner in random.permutation(np.unique(owners)):
        mine = owners == owner
        smaller = int(sizes[1] < sizes[0])
        in_second |= mine & bool(smaller)
        sizes[smaller] += int(mine.sum())
    return np.flatnonzero(~in_second), np.flatnonzero(in_second)


def _draw_halving(
    real: Matrix,
    owners: Indices,
    others: Sequence[Matrix],
    halves: tuple[Indices, Indices],
    count: int,
    random: np.random.Generator,
) -> Halving:
    """Draw `count` patches from each half and each other set, standardised by the first half."""
    first, second = (random.permutation(half)[:count] for half in halves)
    drawn = [rows[random.permutation(len(rows))[:count]] for rows in others]
    sets = (real[first], real[second], *drawn)
    if count >= SMALLEST_SET:
        sets = standardised(*sets)
    nobodys = tuple(-np.arange(1, count + 1) for _ in others)  # each for itself
    return Halving(sets[0], sets[1:], (owners[first], owners[second], *nobodys))
