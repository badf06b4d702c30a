"""Which arm is compared with which."""

from collections.abc import Iterator, Sequence

import numpy as np

from centre_node.study.analysis.predictions import ColumnRuns
from node_api.findings import CONTROL_ROLES, ArmFacts, ArmRole, ChosenControl

WITH_LESIONS: tuple[ArmRole, ...] = ("synthetic", "synthetic only", "real donor")

UNKNOWN = -1.0
"""Below every AUROC."""


def comparisons(
    arms: Sequence[ArmFacts], column: ColumnRuns
) -> tuple[tuple[ArmFacts, ArmFacts], ...]:
    """Pair arms of a column with what they are compared with.

    Every arm is compared with the baseline, and an arm with lesions of donors with the best control
    too: only that says whether it is worth asking donors.
    """
    baseline = next((arm for arm in arms if arm.role == "baseline"), None)
    control = best_control(arms, column)
    pairs = [(arm, baseline) for arm in arms if arm.role != "baseline"]
    pairs += [(arm, control) for arm in arms if arm.role in WITH_LESIONS]
    return tuple((arm, against) for arm, against in pairs if against is not None)


def best_control(arms: Sequence[ArmFacts], column: ColumnRuns) -> ArmFacts | None:
    """Return the control of a column, or None where no arm is one."""
    chosen = chosen_control(arms, column)
    return next((arm for arm in arms if chosen and arm.name == chosen.arm), None)


def chosen_control(arms: Sequence[ArmFacts], column: ColumnRuns) -> ChosenControl | None:
    """Choose the control with the highest AUROC on validation patients; of equals the first.

    Test patients have no part in the choice, so that a comparison with the best of several is as
    fair as one with the only one.

    Args:
        arms: Of the study, in the order of the tables.
        column: Whose runs are looked at; an arm without any is no candidate.
    """
    names = [arm.name for arm in arms if arm.role in CONTROL_ROLES and arm.name in column.arms]
    if not names:
        return None
    reached = dict(zip(names, _validation_aurocs(names, column), strict=True))
    return ChosenControl(
        classifier=column.classifier,
        train_fraction=column.train_fraction,
        arm=max(names, key=lambda name: UNKNOWN if (auroc := reached[name]) is None else auroc),
        candidates=reached,
    )


def real_counterpart(arm: ArmFacts, arms: Sequence[ArmFacts]) -> ArmFacts | None:
    """Return the arm with real patches of the same donors, and all else as the arm has it.

    Of several it is the one with the most similar number of lesions; None where there is none.
    """
    real = [
        other
        for other in arms
        if other.role == "real donor"
        and set(other.donors) == set(arm.donors)
        and _trained_as(other) == _trained_as(arm)
    ]
    return min(real, key=lambda other: abs(other.lesions_added - arm.lesions_added), default=None)


def _trained_as(arm: ArmFacts) -> tuple[object, ...]:
    return arm.own_lesions, arm.augmentation, arm.harmonised, arm.harmonised_by


def _validation_aurocs(names: Sequence[str], column: ColumnRuns) -> Iterator[float | None]:
    """Yield each arm's mean over the seeds that all of them have, or over its own if none is."""
    common = column.common_seeds(*names)
    for name in names:
        runs = column.arms[name]
        values = [runs[seed].validation_auroc for seed in common or runs]
        known = [value for value in values if value is not None]
        yield float(np.mean(known)) if known else None
