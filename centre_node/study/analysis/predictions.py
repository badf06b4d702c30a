"""What a study's statistics are made from: test patches and each run's predictions of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from node_api.rows import RunRow

Labels = NDArray[np.int64]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class TestPatches:
    """The test patches, the same for every run.

    Attributes:
        labels: 1 for lesion, 0 for healthy, shape (n,).
        patients: Whose patch it is, ids or codes, shape (n,).
    """

    labels: Labels
    patients: NDArray[np.str_] | NDArray[np.int64]


@dataclass(frozen=True)
class Predictions:
    """A finished run.

    Attributes:
        row: Its metrics, and the threshold and the temperature that they were taken with.
        log_odds: Logit of lesion minus logit of healthy of every test patch, shape (n,).
        validation_auroc: Of the validation patches; None where it is not known.
    """

    row: RunRow
    log_odds: Vector
    validation_auroc: float | None = None


@dataclass(frozen=True)
class ColumnRuns:
    """The runs of one classifier and training fraction.

    Attributes:
        arms: Runs by arm and seed; an arm without any run is not there. The order is the study's.
    """

    classifier: str
    train_fraction: float
    arms: Mapping[str, Mapping[int, Predictions]]

    def common_seeds(self, *arms: str) -> tuple[int, ...]:
        """Return the seeds that every one of `arms` has a run of, rising."""
        return tuple(sorted(set.intersection(*(set(self.arms[arm]) for arm in arms))))


def columns(names: Sequence[str], runs: Sequence[Predictions]) -> tuple[ColumnRuns, ...]:
    """Sort runs into columns, in the order in which they first appear.

    Args:
        names: The arms, in the order of the tables; every run is of one of them.
    """
    found: dict[tuple[str, float], dict[str, dict[int, Predictions]]] = {}
    for run in runs:
        key = run.row.classifier, run.row.train_fraction
        column = found.setdefault(key, {name: {} for name in names})
        column[run.row.arm][run.row.seed] = run
    return tuple(
        ColumnRuns(
            classifier,
            fraction,
            {
                arm: dict(sorted(by_seed.items()))
                for arm, by_seed in arms.items()
                if by_seed  # every run of the others failed
            },
        )
        for (classifier, fraction), arms in found.items()
    )
