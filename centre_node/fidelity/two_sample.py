"""Can a classifier tell two sets apart? The classifier two-sample test (C2ST)."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from centre_node.fidelity.features import Matrix

FOLDS = 5
STRENGTH = 0.01
MOST_ITERATIONS = 1000


def separability(
    first: Matrix,
    second: Matrix,
    *,
    groups: tuple[NDArray[np.int64], NDArray[np.int64]],
    seed: int,
) -> float | None:
    """Return the AUROC of a logistic regression on rows that it was not fitted to.

    It is the mean over five folds; 0.5 means that the sets cannot be told apart. None if a set has
    fewer than five patients, or no fold has rows of both sets.

    Args:
        first: Shape (n, d), standardised.
        second: Shape (m, d), standardised.
        groups: The patient of each row, shapes (n,) and (m,); no group is split over folds, so
            that recognising a patient helps nothing.
        seed: Of the folds.

    Source: Lopez-Paz and Oquab 2017 (arXiv 1610.06545).
    """
    if any(len(np.unique(group)) < FOLDS for group in groups):
        return None
    features = np.concatenate([first, second])
    labels = np.repeat([0, 1], [len(first), len(second)])
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    scores = [
        _auroc(features, labels, fitted, held_out)
        for fitted, held_out in folds.split(features, labels, np.concatenate(groups))
        if len(np.unique(labels[fitted])) == len(np.unique(labels[held_out])) == 2
    ]
    return float(np.mean(scores)) if scores else None


def _auroc(
    features: Matrix,
    labels: NDArray[np.int64],
    fitted: NDArray[np.int64],
    held_out: NDArray[np.int64],
) -> float:
    model = LogisticRegression(C=STRENGTH, max_iter=MOST_ITERATIONS)
    model.fit(features[fitted], labels[fitted])
    return float(roc_auc_score(labels[held_out], model.decision_function(features[held_out])))
