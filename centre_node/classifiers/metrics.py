"""How well a classifier tells lesions from healthy tissue."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    roc_auc_score,
)

from shared.models import StrictModel

THRESHOLD = 0.5


class Metrics(StrictModel):
    """Of one test set. Lesion is the positive class, but for the last two fields.

    All but `n_test` are 0 to 1. A metric that is undefined is None: AUROC and the AUPRCs where
    one class has no patch, an F1 where its class is neither present nor predicted.

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


def classification_metrics(
    y_true: NDArray[np.int64], probability_lesion: NDArray[np.float64]
) -> Metrics:
    """Compare labels with predictions; from 0.5 on, lesion is predicted.

    Args:
        y_true: 1 for lesion, 0 for healthy, shape (n,), n at least 1.
        probability_lesion: 0 to 1, shape (n,).
    """
    predicted = (probability_lesion >= THRESHOLD).astype(np.int64)
    return Metrics(
        n_test=len(y_true),
        prevalence=float(np.mean(y_true)),
        accuracy=float(np.mean(predicted == y_true)),
        f1=_f1(y_true, predicted),
        auroc=_auroc(y_true, probability_lesion),
        auprc=auprc(y_true, probability_lesion),
        f1_healthy=_f1(1 - y_true, 1 - predicted),
        auprc_healthy=auprc(1 - y_true, -probability_lesion),
    )


def auprc(y_true: NDArray[np.int64], scores: NDArray[np.float64]) -> float | None:
    """Return the average precision of ranking the ones of `y_true` first; None for one class."""
    if not _has_both_classes(y_true):
        return None
    return float(average_precision_score(y_true, scores))


def _auroc(y_true: NDArray[np.int64], scores: NDArray[np.float64]) -> float | None:
    return float(roc_auc_score(y_true, scores)) if _has_both_classes(y_true) else None


def _f1(y_true: NDArray[np.int64], predicted: NDArray[np.int64]) -> float | None:
    if not (y_true.any() or predicted.any()):
        return None
    return float(f1_score(y_true, predicted))


def _has_both_classes(y_true: NDArray[np.int64]) -> bool:
    return bool(y_true.any()) and not bool(y_true.all())
