"""How well a classifier tells the positive class, such as lesions, from the other."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    roc_auc_score,
    roc_curve,
)

from centre_node.classifiers.calibration import calibrated, calibration_error
from node_api.rows import Metrics
from node_api.tasks import CLASSES, LESION_OR_HEALTHY, Classes

Labels = NDArray[np.int64]
Vector = NDArray[np.float64]
Value = TypeVar("Value", np.int64, np.float64)

SPECIFICITY = 0.9


def classification_metrics(
    y_true: Labels,
    log_odds: Vector,
    *,
    patients: NDArray[np.str_] | NDArray[np.int64],
    threshold: float,
    temperature: float,
    classes: Classes = CLASSES[LESION_OR_HEALTHY],
) -> Metrics:
    """Compare labels with predictions.

    Args:
        y_true: 1 for the positive class, 0 for the other, shape (n,), n at least 1.
        log_odds: Logit of the positive class minus that of the other, shape (n,).
        patients: Whose patch it is, ids or codes, shape (n,).
        threshold: 0 to 1; from this probability on, the positive class is predicted
            (`chosen_threshold`).
        temperature: What the log-odds are divided by to be calibrated (`fitted_temperature`).
        classes: How the reasons of undefined metrics call the classes.
    """
    predicted = predicted_lesions(log_odds, threshold).astype(np.int64)
    probability = calibrated(log_odds, temperature)
    _, patient_of = np.unique(patients, return_inverse=True)
    positive = most_of_each(patient_of, y_true)
    suspicion = most_of_each(patient_of, log_odds)
    metrics = {
        "f1": _f1(y_true, predicted),
        "auroc": auroc(y_true, log_odds),
        "auprc": auprc(y_true, log_odds),
        "f1_healthy": _f1(1 - y_true, 1 - predicted),
        "auprc_healthy": auprc(1 - y_true, -log_odds),
        "sensitivity_at_90_specificity": _sensitivity_at_specificity(y_true, log_odds),
        "auroc_patients": auroc(positive, suspicion),
        "auprc_patients": auprc(positive, suspicion),
    }
    return Metrics(
        n_test=len(y_true),
        prevalence=float(np.mean(y_true)),
        accuracy=float(np.mean(predicted == y_true)),
        threshold=threshold,
        brier=float(np.mean((probability - y_true) ** 2)),
        calibration_error=calibration_error(y_true, probability),
        temperature=temperature,
        n_test_patients=len(positive),
        undefined={
            name: _reason(name, y_true, positive, classes)
            for name, value in metrics.items()
            if value is None
        },
        **metrics,
    )


def chosen_threshold(y_true: Labels, log_odds: Vector) -> float:
    """Return the probability, 0 to 1, from which on predicting lesion gives the highest F1.

    It lies halfway between two neighbouring predictions, 0 and 1 counting as such; of several
    equally good ones it is the nearest to 0.5.

    Args:
        y_true: 1 for lesion, 0 for healthy, shape (n,), of validation patches.
        log_odds: Logit of lesion minus logit of healthy, shape (n,).
    """
    probability = expit(log_odds)
    neighbours = np.unique([0.0, *probability, 1.0])
    thresholds = (neighbours[:-1] + neighbours[1:]) / 2
    thresholds = np.where(thresholds > neighbours[:-1], thresholds, neighbours[1:])  # adjacent
    lesions = np.sort(probability[y_true == 1])
    found = len(lesions) - np.searchsorted(lesions, thresholds)
    predicted = len(probability) - np.searchsorted(np.sort(probability), thresholds)
    f1 = 2 * found / np.maximum(len(lesions) + predicted, 1)
    best = thresholds[f1 == f1.max()]
    return float(best[np.argmin(np.abs(best - 0.5))])


def predicted_lesions(log_odds: Vector, threshold: float) -> NDArray[np.bool_]:
    """Return whether lesion is predicted, shape (n,): a probability of `threshold` or more."""
    return np.asarray(expit(log_odds) >= threshold)


def auprc(y_true: Labels, scores: Vector) -> float | None:
    """Return the average precision of ranking the ones of `y_true` first; None for one class."""
    if not _has_both_classes(y_true):
        return None
    return float(average_precision_score(y_true, scores))


def auroc(y_true: Labels, scores: Vector) -> float | None:
    """Return the area under the ROC curve of ranking the ones first; None for one class."""
    return float(roc_auc_score(y_true, scores)) if _has_both_classes(y_true) else None


def most_of_each(group_of: NDArray[np.int64], values: NDArray[Value]) -> NDArray[Value]:
    """Return the largest value of each group, shape (groups,); `group_of` counts from 0."""
    order = np.argsort(group_of, kind="stable")
    _, starts = np.unique(group_of[order], return_index=True)
    largest: NDArray[Value] = np.maximum.reduceat(values[order], starts)
    return largest


def _sensitivity_at_specificity(y_true: Labels, scores: Vector) -> float | None:
    if not _has_both_classes(y_true):
        return None
    wrong, found, _ = roc_curve(y_true, scores, drop_intermediate=False)
    healthy = len(y_true) - y_true.sum()
    allowed = np.round(wrong * healthy) <= healthy * (1 - SPECIFICITY) + 1e-9
    return float(found[allowed].max())


def _f1(y_true: Labels, predicted: Labels) -> float | None:
    if not (y_true.any() or predicted.any()):
        return None
    return float(f1_score(y_true, predicted))


def _reason(metric: str, y_true: Labels, positive: Labels, classes: Classes) -> str:
    """Say why a metric of these patches and patients is undefined."""
    if metric == "f1":
        return f"no test patch is {classes.is_positive} or predicted to be"
    if metric == "f1_healthy":
        return f"no test patch is {classes.other} or predicted to be"
    if not y_true.any():
        return f"no test patch is {classes.is_positive}"
    if metric.endswith("_patients") and positive.all():
        return f"every test patient has a {classes.positive} patch"
    return f"every test patch is {classes.is_positive}"


def _has_both_classes(y_true: Labels) -> bool:
    return bool(y_true.any()) and not bool(y_true.all())
