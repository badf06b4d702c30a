"""Means and spreads over seeds, and what may be said about differences between arms."""

from collections.abc import Iterable, Sequence
from statistics import fmean, stdev
from typing import Literal

from centre_node.study.rows import RunRow
from shared.models import StrictModel
from simulation.report.records import ArmRecord

METRICS = {
    "accuracy": "Accuracy",
    "f1": "F1",
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "f1_healthy": "F1, healthy",
    "auprc_healthy": "AUPRC, healthy",
}
"""Columns of the tables: field of a row, heading."""

COMPARED = "auroc"


class Spread(StrictModel):
    """A metric over seeds. `mean` is None where no seed defines it, `std` with fewer than two."""

    mean: float | None
    std: float | None
    defined: int
    seeds: int


class Cell(StrictModel):
    """A row of the tables: the runs that differ in nothing but the seed."""

    classifier: str
    lesions: str
    train_fraction: float
    arm: str
    n_train_real: int
    n_train_synthetic: int
    n_test: int
    prevalence: float
    metrics: dict[str, Spread]


Verdict = Literal["higher", "lower", "no clear difference", "one seed only", "undefined"]


class Comparison(StrictModel):
    """An arm's AUROC against another arm's of the same column of the grid.

    `spread` is the larger of the two standard deviations over seeds.
    """

    classifier: str
    train_fraction: float
    arm: str
    against: str
    difference: float | None
    spread: float | None
    verdict: Verdict


def spread_of(values: Sequence[float | None]) -> Spread:
    """Return mean and standard deviation (n - 1) of the values that are defined."""
    defined = [value for value in values if value is not None]
    return Spread(
        mean=fmean(defined) if defined else None,
        std=stdev(defined) if len(defined) > 1 else None,
        defined=len(defined),
        seeds=len(values),
    )


def cells_of(rows: Iterable[RunRow]) -> tuple[Cell, ...]:
    """Gather runs into the rows of the tables, in order of appearance."""
    groups: dict[tuple[str, str, float, str], list[RunRow]] = {}
    for row in rows:
        key = (row.classifier, row.lesions, row.train_fraction, row.arm)
        groups.setdefault(key, []).append(row)
    return tuple(_cell(runs) for runs in groups.values())


def comparisons_of(
    cells: Sequence[Cell], arms: Sequence[ArmRecord], *, against: ArmRecord
) -> tuple[Comparison, ...]:
    """Compare every arm that has generators with the arm `against`."""
    with_generators = {arm.name for arm in arms if arm.generators}
    references = {
        (cell.classifier, cell.train_fraction): cell for cell in cells if cell.arm == against.name
    }
    return tuple(
        _comparison(cell, references[cell.classifier, cell.train_fraction])
        for cell in cells
        if cell.arm in with_generators
    )


def own_data_only(arms: Sequence[ArmRecord]) -> ArmRecord | None:
    """Return the arm that adds nothing."""
    return next((arm for arm in arms if not arm.generators and not arm.extra_healthy), None)


def healthy_control(arms: Sequence[ArmRecord]) -> ArmRecord | None:
    """Return the arm that adds healthy patches alone."""
    return next((arm for arm in arms if arm.extra_healthy), None)


def _cell(runs: Sequence[RunRow]) -> Cell:
    first = runs[0]
    return Cell(
        classifier=first.classifier,
        lesions=first.lesions,
        train_fraction=first.train_fraction,
        arm=first.arm,
        n_train_real=first.n_train_real,
        n_train_synthetic=first.n_train_synthetic,
        n_test=first.n_test,
        prevalence=first.prevalence,
        metrics={name: spread_of([getattr(run, name) for run in runs]) for name in METRICS},
    )


def _comparison(cell: Cell, reference: Cell) -> Comparison:
    ours, theirs = cell.metrics[COMPARED], reference.metrics[COMPARED]
    difference = None if ours.mean is None or theirs.mean is None else ours.mean - theirs.mean
    spread = None if ours.std is None or theirs.std is None else max(ours.std, theirs.std)
    return Comparison(
        classifier=cell.classifier,
        train_fraction=cell.train_fraction,
        arm=cell.arm,
        against=reference.arm,
        difference=difference,
        spread=spread,
        verdict=_verdict(difference, spread),
    )


def _verdict(difference: float | None, spread: float | None) -> Verdict:
    if difference is None:
        return "undefined"
    if spread is None:
        return "one seed only"
    if difference == 0 or abs(difference) < spread:
        return "no clear difference"
    return "higher" if difference > 0 else "lower"
