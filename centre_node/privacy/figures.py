"""From scores to the figures of an attack."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from centre_node.privacy.candidates import Candidates
from centre_node.privacy.hits import FALSE_POSITIVE_RATES, hit_rate
from centre_node.privacy.telling_apart import Scored, tell_apart
from node_api.audits import AttackFigures, AttackName, Unit

Everybody = NDArray[np.int64] | None


def attack_figures(
    name: AttackName, scored: Scored, random: np.random.Generator
) -> Iterator[AttackFigures]:
    """Yield the figures of an attack, by patch and by patient.

    Args:
        scored: Of patches.
    """
    of_unit: Mapping[Unit, Scored] = {"patch": scored, "patient": scored.by_patient()}
    for unit, scores in of_unit.items():
        told = tell_apart(scores, random)
        yield AttackFigures(
            attack=name,
            unit=unit,
            auroc=told.auroc,
            auroc_upper=told.upper,
            control_auroc=told.control,
            control_auroc_upper=told.control_upper,
            smallest_visible=told.smallest_visible,
            hits=tuple(hit_rate(scores, rate, unit, random) for rate in FALSE_POSITIVE_RATES),
            p=told.p,
        )


def scored_of(candidates: Candidates, scores: NDArray[np.float64], who: Everybody = None) -> Scored:
    """Return the scores of candidates.

    Args:
        scores: Shape (k,).
        who: The candidates that they are of, shape (k,); None is all.
    """
    chosen = np.arange(len(candidates.pixels)) if who is None else who
    return Scored(scores, candidates.patients[chosen], candidates.is_member[chosen])
