"""How many members an attack finds while it is wrong about few others."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from centre_node.privacy.telling_apart import (
    CONFIDENCE,
    Numbers,
    Scored,
    resampled_counts,
    widened_level,
)
from node_api.audits import HitRate, Unit

FALSE_POSITIVE_RATES = (0.01, 0.05)


def hit_rate(
    scored: Scored, false_positive_rate: float, unit: Unit, random: np.random.Generator
) -> HitRate:
    """Return the share of members above all but so few of the others.

    Its bound is the larger one of two: by a bootstrap of patients on both sides, and the exact
    binomial one that takes each patient for one trial.
    """
    others = int((~scored.is_member).sum())
    needed = round(1 / false_positive_rate)
    if others < needed:
        reason = (
            f"of {others} held-out {'patches' if unit == 'patch' else 'patients'} "
            f"none may be wrong at {false_positive_rate:.0%}; {needed} are needed"
        )
        return HitRate(
            false_positive_rate=false_positive_rate, share=None, upper=None, reason=reason
        )
    whole = np.ones((1, len(scored.scores)))
    share = float(_shares(scored, false_positive_rate, whole)[0])
    drawn = _shares(scored, false_positive_rate, _resampled_patches(scored, random))
    patients = len(np.unique(scored.patients[scored.is_member]))
    upper = max(share, float(np.quantile(drawn, widened_level(scored))), _exact(share, patients))
    return HitRate(false_positive_rate=false_positive_rate, share=share, upper=upper)


def _shares(scored: Scored, false_positive_rate: float, weights: Numbers) -> Numbers:
    """Return the share of members that are found, shape (k,), for weights of patches, (k, n)."""
    order = np.argsort(-scored.scores[~scored.is_member], kind="stable")
    others = scored.scores[~scored.is_member][order]
    above = weights[:, ~scored.is_member][:, order].cumsum(axis=1)
    allowed = false_positive_rate * above[:, -1:] + 1e-9
    thresholds = others[(above > allowed).argmax(axis=1)]
    members = scored.scores[scored.is_member]
    order = np.argsort(members, kind="stable")
    up_to = weights[:, scored.is_member][:, order].cumsum(axis=1)
    below = np.searchsorted(members[order], thresholds, side="right")
    missed = np.where(below > 0, up_to[np.arange(len(weights)), below - 1], 0.0)
    shares: Numbers = 1 - missed / up_to[:, -1]
    return shares


def _resampled_patches(scored: Scored, random: np.random.Generator) -> Numbers:
    """Return how often each patch counts, shape (k, n), when patients are drawn anew."""
    patients, place = np.unique(scored.patients, return_inverse=True)
    is_member = np.zeros(len(patients), dtype=np.bool_)
    is_member[place] = scored.is_member
    counts: NDArray[np.float64] | None = None
    for side in (is_member, ~is_member):
        drawn = resampled_counts(int(side.sum()), random)
        counts = np.zeros((len(drawn), len(patients))) if counts is None else counts
        counts[:, side] = drawn
    assert counts is not None, "there are two sides"
    return counts[:, place]


def _exact(share: float, patients: int) -> float:
    """Return Clopper and Pearson's bound, for as many trials as there are patients."""
    found = share * patients
    if found >= patients:
        return 1.0
    bound: float = beta.ppf(CONFIDENCE, found + 1, patients - found)
    return bound
