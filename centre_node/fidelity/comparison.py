"""Puts every metric of synthetic patches beside that of two halves of the real ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from centre_node.fidelity.collapse import SMALLEST_SET, mode_collapse
from centre_node.fidelity.features import Matrix, principal_components
from centre_node.fidelity.frechet import frechet_distance
from centre_node.fidelity.halvings import HALVINGS, Halving, draw_halvings
from centre_node.fidelity.kernel_distance import kernel_distance, resampled_kernel_distances
from centre_node.fidelity.neighbourhoods import Neighbourhoods, neighbourhoods
from centre_node.fidelity.two_sample import separability
from shared.counts import counted
from shared.fidelity import METRICS, FidelityReport, FidelityRow

LARGEST_SET = 2000
MOST_DIMENSIONS = 64
PATCHES_PER_DIMENSION = 4
RESAMPLES = 1000
INTERVAL = (0.025, 0.975)


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
    pixel_diversity: float = 1.0,
) -> FidelityReport:
    """Compare synthetic patches with one half of the real ones, beside the other real half.

    All rows compare equally many patches, at most 2000, drawn at random where a set has more, so
    that what depends on their number is the same for all. One halving alone would decide too
    much: metrics are means over five.

    Args:
        real: Features of real patches, shape (n, d).
        synthetic: Of synthetic patches, shape (m, d).
        kind: What the features are.
        seed: Of the halves, the draws, the bootstrap and the folds.
        patients: Whose each real patch is; the halves then share none. They do not leave.
        other_centre: Features of another centre's real patches: the distance that a change of
            centre alone makes.
        pixel_diversity: How far samples' pixels lie from each other, as a share of real patches'.
    """
    random = np.random.default_rng(seed)
    others = [synthetic] if other_centre is None else [synthetic, other_centre]
    halvings = draw_halvings(
        real, others, patients=patients, largest_set=LARGEST_SET, random=random
    )
    judged = halvings[0].is_large_enough
    rows = _rows(halvings, random) if judged else _undefined_rows(halvings[0])
    return FidelityReport(
        features=kind.name,
        feature_count=real.shape[1],
        extractor_sha256=kind.extractor_sha256,
        split_by_patient=patients is not None,
        seed=seed,
        frechet_dimensions=_dimensions(halvings[0].reference) if judged else None,
        real_real=rows[0],
        synthetic=rows[1],
        other_centre=None if other_centre is None else rows[2],
        mode_collapse=mode_collapse(
            halvings[0].reference, halvings[0].candidates[1], pixel_diversity=pixel_diversity
        ),
    )


def _undefined_rows(halving: Halving) -> list[FidelityRow]:
    count = len(halving.reference)
    reason = f"{counted(count, 'patch', 'patches')} in each set, at least {SMALLEST_SET} are needed"
    nothing = dict.fromkeys(METRICS)
    reasons = dict.fromkeys(METRICS, reason)
    return [FidelityRow(patches=count, **nothing, reasons=reasons) for _ in halving.candidates]


@dataclass(frozen=True, slots=True)
class _Measured:
    """Of one candidate in one halving."""

    kid: float
    resampled_kid: Matrix
    around: Neighbourhoods
    auroc: float | None
    frechet: float


def _rows(halvings: Sequence[Halving], random: np.random.Generator) -> list[FidelityRow]:
    """Return the row of each candidate."""
    measured = [_measure(halving, random) for halving in halvings]
    real_frechet = float(np.mean([of_halving[0].frechet for of_halving in measured]))
    count = len(halvings[0].reference)
    return [_row(count, of_row, real_frechet) for of_row in zip(*measured, strict=True)]


def _measure(halving: Halving, random: np.random.Generator) -> list[_Measured]:
    reduced, *others = principal_components(
        halving.reference, _dimensions(halving.reference), halving.reference, *halving.candidates
    )
    return [
        _Measured(
            kid=kernel_distance(halving.reference, candidate),
            resampled_kid=resampled_kernel_distances(
                halving.reference, candidate, resamples=RESAMPLES // HALVINGS, random=random
            ),
            around=neighbourhoods(halving.reference, candidate),
            auroc=separability(
                halving.reference,
                candidate,
                groups=(halving.owners[0], owners),
                seed=int(random.integers(2**31)),
            ),
            frechet=frechet_distance(reduced, other),
        )
        for candidate, other, owners in zip(
            halving.candidates, others, halving.owners[1:], strict=True
        )
    ]


def _dimensions(reference: Matrix) -> int:
    """Return how many principal components the Frechet distance is taken in."""
    return min(MOST_DIMENSIONS, len(reference) // PATCHES_PER_DIMENSION, len(reference.T))


def _row(count: int, measured: Sequence[_Measured], real_frechet: float) -> FidelityRow:
    """Return the means over halvings; the interval is over the resamples of all."""
    aurocs = [of_halving.auroc for of_halving in measured if of_halving.auroc is not None]
    frechet = float(np.mean([of_halving.frechet for of_halving in measured]))
    reasons = {}
    if not aurocs:
        reasons["auroc"] = "too few patients to hold some out"
    if real_frechet <= 0:
        reasons["frechet_ratio"] = "the halves of the real patches do not differ"
    low, high = np.quantile([of_halving.resampled_kid for of_halving in measured], INTERVAL)
    return FidelityRow(
        patches=count,
        kid=float(np.mean([of_halving.kid for of_halving in measured])),
        kid_interval=(float(low), float(high)),
        precision=float(np.mean([of_halving.around.precision for of_halving in measured])),
        recall=float(np.mean([of_halving.around.recall for of_halving in measured])),
        density=float(np.mean([of_halving.around.density for of_halving in measured])),
        coverage=float(np.mean([of_halving.around.coverage for of_halving in measured])),
        auroc=float(np.mean(aurocs)) if aurocs else None,
        frechet=frechet,
        frechet_ratio=frechet / real_frechet if real_frechet > 0 else None,
        reasons=reasons,
    )
