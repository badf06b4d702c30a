"""The metrics of every run in every resample of patients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from centre_node.classifiers.calibration import calibrated
from centre_node.classifiers.metrics import most_of_each, predicted_lesions
from centre_node.study.analysis.predictions import (
    ColumnRuns,
    Labels,
    Matrix,
    Predictions,
    TestPatches,
    Vector,
)
from centre_node.study.analysis.rankings import Ranking
from centre_node.study.analysis.resampling import Bootstrap
from node_api.rows import RunRow

Resampled = Mapping[str, Vector]
"""A run's metrics by name, each of shape (resamples,); undefined ones are missing."""


@dataclass(frozen=True)
class MeasuredColumn:
    """A column of the grid with every run's metrics in each resample of patients.

    Attributes:
        resampled: By arm and seed.
    """

    column: ColumnRuns
    resampled: Mapping[tuple[str, int], Resampled]
    bootstrap: Bootstrap

    def seeds_with(self, metric: str, *arms: str) -> tuple[int, ...]:
        """Return the seeds at which every one of `arms` has a run that defines the metric."""
        return tuple(
            seed
            for seed in self.column.common_seeds(*arms)
            if all(self.value(arm, metric, seed) is not None for arm in arms)
        )

    def value(self, arm: str, metric: str, seed: int) -> float | None:
        """Return a run's metric on the test patches."""
        value: float | None = getattr(self.column.arms[arm][seed].row, metric)
        return value

    def values(self, arm: str, metric: str, seeds: Sequence[int]) -> Vector:
        """Return the metric by seed, shape (seeds,); every one defines it."""
        return np.array([self.value(arm, metric, seed) for seed in seeds], dtype=np.float64)

    def resampled_mean(self, arm: str, metric: str, seeds: Sequence[int]) -> Vector:
        """Return the mean over seeds, drawn too, in each resample; shape (resamples,)."""
        return self.bootstrap.mean(np.stack([self.resampled[arm, seed][metric] for seed in seeds]))


def measured(column: ColumnRuns, test: TestPatches, bootstrap: Bootstrap) -> MeasuredColumn:
    """Take the metrics of a column's runs in each resample.

    Thresholds and temperatures are those of the runs' rows: they were chosen on validation patches,
    and stay. The calibration error is not among them: in resamples with repeated patches it grows.
    """
    has_lesion = most_of_each(bootstrap.patient_of, test.labels)
    parts: dict[tuple[str, int], list[dict[str, Vector]]] = {}
    for part in bootstrap.parts():
        of_patients = bootstrap.of_patients(part)
        of_patches = of_patients[bootstrap.patient_of]
        for arm, by_seed in column.arms.items():
            for seed, run in by_seed.items():
                suspicion = most_of_each(bootstrap.patient_of, run.log_odds)
                found = {
                    **_of_decisions(run, test.labels, of_patches),
                    **_of_ranking(Ranking.of(test.labels, run.log_odds, of_patches)),
                    **_of_patients(Ranking.of(has_lesion, suspicion, of_patients)),
                }
                parts.setdefault((arm, seed), []).append(_defined(found, run.row))
    resampled = {
        key: {name: np.concatenate([part[name] for part in found]) for name in found[0]}
        for key, found in parts.items()
    }
    return MeasuredColumn(column, resampled, bootstrap)


def _of_ranking(ranking: Ranking) -> dict[str, Vector]:
    return {
        "auroc": ranking.auroc(),
        "auprc": ranking.auprc(),
        "auprc_healthy": ranking.auprc_healthy(),
        "sensitivity_at_90_specificity": ranking.sensitivity_at_90_specificity(),
    }


def _of_patients(ranking: Ranking) -> dict[str, Vector]:
    return {"auroc_patients": ranking.auroc(), "auprc_patients": ranking.auprc()}


def _of_decisions(run: Predictions, labels: Labels, weights: Matrix) -> dict[str, Vector]:
    """Return what depends on the threshold or the temperature."""
    predicted, lesion = predicted_lesions(run.log_odds, run.row.threshold), labels == 1
    outcomes = [predicted & lesion, ~predicted & ~lesion, predicted != lesion]
    temperature = 1.0 if run.row.temperature is None else run.row.temperature
    squared_errors = (calibrated(run.log_odds, temperature) - labels) ** 2
    sums = np.vstack([*outcomes, squared_errors]) @ weights
    found, rejected, wrong, squared = sums
    return {
        "accuracy": (found + rejected) / (found + rejected + wrong),
        "f1": _f1(found, wrong),
        "f1_healthy": _f1(rejected, wrong),
        "brier": squared / (found + rejected + wrong),
    }


def _f1(found: Vector, wrong: Vector) -> Vector:
    """Return the F1 of a class; NaN in resamples where it is neither present nor predicted."""
    either = 2 * found + wrong
    return np.divide(2 * found, either, out=np.full_like(either, np.nan), where=either > 0)


def _defined(found: dict[str, Vector], row: RunRow) -> dict[str, Vector]:
    """Leave out what the run's row has no value of."""
    return {name: values for name, values in found.items() if getattr(row, name) is not None}
