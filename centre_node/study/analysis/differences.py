"""Arms against each other, paired over seeds and test patches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from centre_node.study.analysis.controls import comparisons
from centre_node.study.analysis.delong import delong_p
from centre_node.study.analysis.predictions import ColumnRuns, TestPatches, Vector
from centre_node.study.analysis.resampled_metrics import MeasuredColumn
from centre_node.study.analysis.resampling import interval_of
from centre_node.study.analysis.significance import sign_flip_p
from node_api.findings import COMPARED_METRICS, ArmFacts, Difference


@dataclass(frozen=True)
class Comparison:
    """A difference without a verdict yet, and what it is in each resample, shape (resamples,)."""

    difference: Difference
    resampled: Vector


def differences(
    arms: Sequence[ArmFacts], test: TestPatches, measured: MeasuredColumn
) -> tuple[Comparison, ...]:
    """Return the comparisons of a column, not yet tested and without a verdict."""
    present = [arm for arm in arms if arm.name in measured.column.arms]
    return tuple(
        _difference(arm, against, metric, test, measured)
        for arm, against in comparisons(present, measured.column)
        for metric in COMPARED_METRICS
    )


def _difference(
    arm: ArmFacts, against: ArmFacts, metric: str, test: TestPatches, measured: MeasuredColumn
) -> Comparison:
    seeds = measured.seeds_with(metric, arm.name, against.name)
    undefined = Difference(
        classifier=measured.column.classifier,
        train_fraction=measured.column.train_fraction,
        arm=arm.name,
        against=against.name,
        against_role=against.role,
        metric=metric,
        seeds=len(seeds),
        difference=None,
        interval=None,
        verdict="undefined",
    )
    if not seeds:
        reason = _why_undefined(measured.column, metric, arm.name, against.name)
        return Comparison(undefined.model_copy(update={"reason": reason}), np.empty(0))
    first, second = (measured.values(name, metric, seeds) for name in (arm.name, against.name))
    resamples = measured.resampled_mean(arm.name, metric, seeds) - measured.resampled_mean(
        against.name, metric, seeds
    )
    update = {
        "difference": float(np.mean(first - second)),
        "interval": interval_of(resamples),
        "p_seeds": sign_flip_p(first - second, seed=measured.bootstrap.seed),
        "p_delong": _delong(measured.column, test, seeds, arm.name, against.name)
        if metric == "auroc"
        else None,
    }
    return Comparison(undefined.model_copy(update=update), resamples)


def _delong(
    column: ColumnRuns, test: TestPatches, seeds: Sequence[int], arm: str, against: str
) -> float | None:
    first, second = (
        np.mean([column.arms[name][seed].log_odds for seed in seeds], axis=0)
        for name in (arm, against)
    )
    return delong_p(test.labels, first, second)


def _why_undefined(column: ColumnRuns, metric: str, arm: str, against: str) -> str:
    seeds = column.common_seeds(arm, against)
    if not seeds:
        return "no seed has a run of both arms"
    rows = [column.arms[name][seed].row for name in (arm, against) for seed in seeds]
    reasons = [row.undefined[metric] for row in rows if metric in row.undefined]
    return reasons[0] if reasons else "no seed has it for both arms"
