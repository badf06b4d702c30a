"""ROC and PR curves, and reliability."""

from typing import Literal

import numpy as np

from centre_node.classifiers.calibration import calibrated, reliability_bins
from centre_node.study.analysis.predictions import ColumnRuns, Labels, Matrix, TestPatches, Vector
from centre_node.study.analysis.rankings import Ranking
from centre_node.study.analysis.resampling import TAIL, Bootstrap
from node_api.findings import Curve, Reliability, ReliabilityBin

GRID = np.arange(101) / 100
RELIABILITY_BINS = 10
BAND_RESAMPLES = 200

Kind = Literal["roc", "pr"]
KINDS: tuple[Kind, ...] = ("roc", "pr")


def curves(column: ColumnRuns, test: TestPatches, bootstrap: Bootstrap) -> tuple[Curve, ...]:
    """Return both curves of every cell; none where the test patches are of one class.

    They are means over seeds at the same false positive rate or recall, and the band is that of
    the first 200 resamples, point by point.
    """
    if not 0 < test.labels.sum() < len(test.labels):
        return ()
    part = slice(0, min(BAND_RESAMPLES, bootstrap.resamples))
    drawn = bootstrap.of_patients(part)[bootstrap.patient_of]
    weights = np.hstack([np.ones((len(test.labels), 1)), drawn])
    return tuple(
        _curve(column, arm, kind, test.labels, weights, bootstrap)
        for arm in column.arms
        for kind in KINDS
    )


def reliability(column: ColumnRuns, test: TestPatches) -> tuple[Reliability, ...]:
    """Return ten bins of every cell whose runs have a temperature; seeds are thrown together."""
    found = []
    for arm, by_seed in column.arms.items():
        scaled = [
            calibrated(run.log_odds, run.row.temperature)
            for run in by_seed.values()
            if run.row.temperature is not None
        ]
        if scaled:
            bins = _bins(np.tile(test.labels, len(scaled)), np.concatenate(scaled))
            found.append(
                Reliability(
                    classifier=column.classifier,
                    train_fraction=column.train_fraction,
                    arm=arm,
                    bins=bins,
                )
            )
    return tuple(found)


def on_grid(ranking: Ranking, kind: Kind) -> Matrix:
    """Return a curve at false positive rates or recalls of 0, 0.01, ... 1, shape (101, resamples).

    A ROC curve is straight between two thresholds. A PR curve is not: its value is the precision of
    the highest threshold that reaches the recall, so that its area is the average precision. NaN
    in resamples of one class.
    """
    scores = np.unique(np.concatenate([ranking.lesions.scores, ranking.healthy.scores]))[::-1]
    found, wrong = ranking.lesions.reaching(scores), ranking.healthy.reaching(scores)
    lesions, healthy = ranking.lesions.total, ranking.healthy.total
    curve = np.full((len(GRID), len(lesions)), np.nan)
    for one in np.flatnonzero(lesions * healthy > 0):
        drawn = found[:, one], wrong[:, one]
        curve[:, one] = _roc(*drawn) if kind == "roc" else _precision_recall(*drawn)
    return curve


def _roc(found: Vector, wrong: Vector) -> Vector:
    """Return the sensitivities of one resample, shape (101,), from counts that rise to all."""
    x, y = (np.concatenate([[0.0], counts / counts[-1]]) for counts in (wrong, found))
    sensitivity: Vector = np.interp(GRID, x, y)
    return sensitivity


def _precision_recall(found: Vector, wrong: Vector) -> Vector:
    """Return the precisions of one resample, shape (101,); that at 0 is of the first lesion."""
    first = np.searchsorted(found / found[-1], np.maximum(GRID, np.finfo(np.float64).tiny))
    precision: Vector = found[first] / (found[first] + wrong[first])
    return precision


def _curve(
    column: ColumnRuns, arm: str, kind: Kind, labels: Labels, weights: Matrix, bootstrap: Bootstrap
) -> Curve:
    """Return a cell's curve from weights, shape (n, 1 + resamples); the first ones are all 1."""
    by_seed = np.stack(
        [
            on_grid(Ranking.of(labels, run.log_odds, weights), kind)
            for run in column.arms[arm].values()
        ]
    )
    resampled = bootstrap.mean(by_seed[:, :, 1:])
    low, high = np.nanquantile(resampled, [TAIL, 1 - TAIL], axis=1)
    return Curve(
        classifier=column.classifier,
        train_fraction=column.train_fraction,
        arm=arm,
        kind=kind,
        x=tuple(GRID.tolist()),
        y=tuple(by_seed[:, :, 0].mean(axis=0).tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
    )


def _bins(labels: Labels, probability: Vector) -> tuple[ReliabilityBin, ...]:
    found = reliability_bins(labels, probability, bins=RELIABILITY_BINS)
    return tuple(
        ReliabilityBin(predicted=predicted, observed=observed, patches=patches)
        for predicted, observed, patches in zip(
            found.predicted.tolist(), found.observed.tolist(), found.patches.tolist(), strict=True
        )
    )
