"""One row of a study's results. Light: no array or tensor library is imported."""

import csv
import io
from collections.abc import Iterable

from shared.models import StrictModel


class RunRow(StrictModel):
    """One run: a cell of the grid with one seed. An undefined metric is None.

    Lesion is the positive class, but for the columns that end in `_healthy`.
    """

    classifier: str
    arm: str
    train_fraction: float
    lesions: str
    seed: int
    n_train_real: int
    n_train_synthetic: int
    n_test: int
    prevalence: float
    accuracy: float
    f1: float | None
    auroc: float | None
    auprc: float | None
    f1_healthy: float | None
    auprc_healthy: float | None


def as_csv(rows: Iterable[RunRow]) -> str:
    """Return a table with a header line; an undefined metric is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(RunRow.model_fields), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.model_dump() for row in rows)
    return text.getvalue()
