"""One row of a study's results."""

import csv
import io
from collections.abc import Iterable, Mapping

from pydantic import Field

from shared.models import StrictModel


class Metrics(StrictModel):
    """How well a classifier does on one test set.

    Lesion is the positive class, or malignant where the study's task is benign or malignant, but
    for the fields that end in `_healthy`: there it is the other class, healthy or benign. Fields
    that end in `_patients` are of patients, not patches: a patient's probability is that of its
    most suspicious patch, and a patient with a positive patch is positive. But for counts and the
    temperature all are 0 to 1. What has a default was not measured by the first versions, whose
    rows can still be read.

    Attributes:
        threshold: From this probability on, the positive class is predicted; chosen on validation
            patches.
        sensitivity_at_90_specificity: The highest one that a threshold reaches with it on the test
            patches' ROC curve.
        brier, calibration_error: After temperature scaling on validation patches.
        temperature: What the log-odds are divided by.
        undefined: Why a metric is None, by its name.

    Source: paper section 3; facts of its published code: healthy was its positive class.
    """

    n_test: int
    prevalence: float
    accuracy: float
    f1: float | None
    auroc: float | None
    auprc: float | None
    f1_healthy: float | None
    auprc_healthy: float | None
    threshold: float = 0.5
    sensitivity_at_90_specificity: float | None = None
    brier: float | None = None
    calibration_error: float | None = None
    temperature: float | None = None
    n_test_patients: int | None = None
    auroc_patients: float | None = None
    auprc_patients: float | None = None
    undefined: Mapping[str, str] = Field(default_factory=dict)


class RunOfGrid(StrictModel):
    """Which run it is, a cell of the grid with one seed, and how many patches it trained on."""

    classifier: str
    arm: str
    train_fraction: float
    lesions: str
    seed: int
    n_train_real: int
    n_train_synthetic: int


class RunRow(Metrics, RunOfGrid):
    """One run and how it did. Fields, and so columns, stand in the order of the bases, last first.

    An undefined metric is None.
    """


def as_csv(rows: Iterable[RunRow]) -> str:
    """Return a table with a header line; an undefined metric is an empty cell."""
    columns = [name for name in RunRow.model_fields if name != "undefined"]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.model_dump(include=set(columns)) for row in rows)
    return text.getvalue()
