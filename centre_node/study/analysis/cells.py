"""The cells of the tables: each metric over the seeds of an arm."""

from centre_node.study.analysis.resampled_metrics import MeasuredColumn
from centre_node.study.analysis.resampling import interval_of
from node_api.findings import Cell, MetricEstimate

METRICS = (
    "accuracy",
    "f1",
    "auroc",
    "auprc",
    "f1_healthy",
    "auprc_healthy",
    "sensitivity_at_90_specificity",
    "brier",
    "calibration_error",
    "auroc_patients",
    "auprc_patients",
)
NOT_RESAMPLED = frozenset({"calibration_error"})


def cells(measured: MeasuredColumn) -> tuple[Cell, ...]:
    """Return a cell for each arm that has a run."""
    return tuple(_cell(measured, arm) for arm in measured.column.arms)


def _cell(measured: MeasuredColumn, arm: str) -> Cell:
    first = next(iter(measured.column.arms[arm].values())).row
    return Cell(
        classifier=measured.column.classifier,
        train_fraction=measured.column.train_fraction,
        arm=arm,
        n_train_real=first.n_train_real,
        n_train_synthetic=first.n_train_synthetic,
        n_test=first.n_test,
        prevalence=first.prevalence,
        metrics={metric: _estimate(measured, arm, metric) for metric in METRICS},
    )


def _estimate(measured: MeasuredColumn, arm: str, metric: str) -> MetricEstimate:
    runs = measured.column.arms[arm]
    seeds = measured.seeds_with(metric, arm)
    if not seeds:
        reasons = [
            run.row.undefined[metric] for run in runs.values() if metric in run.row.undefined
        ]
        return MetricEstimate(
            mean=None,
            std=None,
            interval=None,
            defined=0,
            seeds=len(runs),
            reason=reasons[0] if reasons else "it was not measured",
        )
    values = measured.values(arm, metric, seeds)
    return MetricEstimate(
        mean=float(values.mean()),
        std=float(values.std(ddof=1)) if len(seeds) > 1 else None,
        interval=None
        if metric in NOT_RESAMPLED
        else interval_of(measured.resampled_mean(arm, metric, seeds)),
        defined=len(seeds),
        seeds=len(runs),
    )
