"""Puts every metric of a set of synthetic patches beside that of two halves of the real ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.fidelity.collapse import mode_collapse
from centre_node.fidelity.features import Matrix, principal_components, standardised
from centre_node.fidelity.frechet import frechet_distance
from centre_node.fidelity.kernel_distance import kernel_distance, kernel_distance_interval
from centre_node.fidelity.neighbourhoods import neighbourhoods
from centre_node.fidelity.report import METRICS, FidelityReport, FidelityRow
from centre_node.fidelity.two_sample import FOLDS, separability

SMALLEST_SET = 20
LARGEST_SET = 2000
MOST_DIMENSIONS = 64
ROWS_PER_DIMENSION = 4

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FeatureKind:
    """How features were made: their name, and the digest of the weights if there are any."""

    name: str
    extractor_sha256: str | None = None


def fidelity_report(
    real: Matrix,
    synthetic: Matrix,
    *,
    kind: FeatureKind,
    seed: int,
    patients: Sequence[str] | None = None,
    other_centre: Matrix | None = None,
) -> FidelityReport:
    """Compare synthetic patches with one half of the real ones, beside the other real half.

    All rows compare equally many patches, drawn by `seed` where a set has more, and at most
    2000, so that what depends on their number is the same for all.

    Args:
        real: Features of real patches, shape (n, d).
        synthetic: Of synthetic patches, shape (m, d).
        kind: What the features are.
        seed: Of the halves, the draws, the bootstrap and the folds.
        patients: Whose each real patch is; the halves then share none. They do not leave.
        other_centre: Features of another centre's real patches: the distance that a change of
            centre alone makes.
    """
    random = np.random.default_rng(seed)
    owners = _numbered(patients, len(real))
    first, second = _halves(owners, random)
    candidates = [real[second], synthetic, *([] if other_centre is None else [other_centre])]
    count = min(len(first), *(len(candidate) for candidate in candidates), LARGEST_SET)
    kept = [random.choice(len(rows), count, replace=False) for rows in (first, *candidates)]
    sets = [
        real[first][kept[0]],
        *(rows[drawn] for rows, drawn in zip(candidates, kept[1:], strict=True)),
    ]
    groups = [owners[first][kept[0]], owners[second][kept[1]]]
    groups += [-np.arange(1, count + 1) for _ in candidates[1:]]  # nobody's: each for itself
    if count >= SMALLEST_SET:
        sets = list(standardised(*sets))
    rows, dimensions = _rows(sets, groups, seed)
    return FidelityReport(
        features=kind.name,
        feature_count=real.shape[1],
        extractor_sha256=kind.extractor_sha256,
        split_by_patient=patients is not None,
        seed=seed,
        frechet_dimensions=dimensions,
        real_real=rows[0],
        synthetic=rows[1],
        other_centre=None if other_centre is None else rows[2],
        mode_collapse=mode_collapse(sets[0], sets[2]),
    )


def _numbered(patients: Sequence[str] | None, count: int) -> Indices:
    """Return a number for each patch's patient, shape (count,)."""
    if patients is None:
        return np.arange(count)
    if len(patients) != count:
        raise ValueError(f"{len(patients)} patients are given for {count} real patches")
    return np.unique(np.asarray(patients), return_inverse=True)[1].astype(np.int64)


def _halves(owners: Indices, random: np.random.Generator) -> tuple[Indices, Indices]:
    """Share the patients out at random, each to the half with fewer patches so far."""
    halves: tuple[list[Indices], list[Indices]] = ([], [])
    sizes = [0, 0]
    for owner in random.permutation(np.unique(owners)):
        smaller = int(sizes[1] < sizes[0])
        rows = np.flatnonzero(owners == owner)
        halves[smaller].append(rows)
        sizes[smaller] += len(rows)
    nothing = np.empty(0, dtype=np.int64)
    return np.concatenate([nothing, *halves[0]]), np.concatenate([nothing, *halves[1]])


def _rows(
    sets: Sequence[Matrix], groups: Sequence[Indices], seed: int
) -> tuple[list[FidelityRow], int | None]:
    """Return the row of each set but the first, and the dimensions of the Frechet distance."""
    count = len(sets[0])
    if count < SMALLEST_SET:
        reason = f"{count} patches in each set, at least {SMALLEST_SET} are needed"
        return [_undefined(count, reason) for _ in sets[1:]], None
    reference, *candidates = sets
    dimensions = min(MOST_DIMENSIONS, count // ROWS_PER_DIMENSION, reference.shape[1])
    reduced = principal_components(reference, dimensions, reference, *candidates)
    spans = [frechet_distance(reduced[0], rows) for rows in reduced[1:]]
    rows = [
        _row(reference, candidate, (groups[0], group), (span, spans[0]), seed)
        for candidate, group, span in zip(candidates, groups[1:], spans, strict=True)
    ]
    return rows, dimensions


def _undefined(count: int, reason: str) -> FidelityRow:
    return FidelityRow(
        patches=count,
        **dict.fromkeys(METRICS),
        reasons=dict.fromkeys(METRICS, reason),
    )


def _row(
    reference: Matrix,
    candidate: Matrix,
    groups: tuple[Indices, Indices],
    spans: tuple[float, float],
    seed: int,
) -> FidelityRow:
    around, reasons = neighbourhoods(reference, candidate), {}
    span, real_span = spans
    if real_span <= 0:
        reasons["frechet_ratio"] = "the halves of the real patches are equal"
    auroc = _separability(reference, candidate, groups, seed)
    if auroc is None:
        reasons["auroc"] = "too few patients to hold some out"
    return FidelityRow(
        patches=len(reference),
        kid=kernel_distance(reference, candidate),
        kid_interval=kernel_distance_interval(
            reference, candidate, random=np.random.default_rng(seed)
        ),
        precision=around.precision,
        recall=around.recall,
        density=around.density,
        coverage=around.coverage,
        auroc=auroc,
        frechet=span,
        frechet_ratio=span / real_span if real_span > 0 else None,
        reasons=reasons,
    )


def _separability(
    reference: Matrix, candidate: Matrix, groups: tuple[Indices, Indices], seed: int
) -> float | None:
    if any(len(np.unique(group)) < FOLDS for group in groups):
        return None
    return separability(reference, candidate, groups=groups, seed=seed)
