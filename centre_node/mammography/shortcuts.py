"""How far the classes can be told apart without looking for a lesion."""

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from centre_node.mammography.patch_store import PatchStore
from node_api.summaries import ShortcutReport

FEATURES = ("sharpness", "mean", "size")

Features = NDArray[np.float64]
Labels = NDArray[np.int64]


def shortcut_report(
    train: PatchStore, test: PatchStore, *, size: int, labels: tuple[Labels, Labels] | None = None
) -> ShortcutReport:
    """Fit on one subset's patches without jitter, and measure on another's.

    Args:
        size: Side in pixels to which patches are resized, as a classifier sees them.
        labels: 1 for the positive class, 0 for the other, of both subsets' patches; None for
            lesions and healthy patches.
    """
    fitted, measured = shortcut_features(train, size=size), shortcut_features(test, size=size)
    labels = labels or (train.labels, test.labels)
    alone = {
        name: _auroc(fitted[:, [column]], measured[:, [column]], *labels)
        for column, name in enumerate(FEATURES)
    }
    return ShortcutReport(
        auroc=_auroc(fitted, measured, *labels), **alone, n_test=len(test.records)
    )


def shortcut_features(store: PatchStore, *, size: int) -> Features:
    """Return sharpness, mean and size of each patch, shape (n, 3).

    Sharpness is the logarithm of the variance of the Laplacian of the resized patch; the mean is
    its grey value, 0 to 255; size is the side of the square in the mammogram's pixels.
    """
    sides = [record.square[2] - record.square[0] for record in store.records]
    crops = store.crops(range(len(sides)), size=size)
    rows = [
        (_sharpness(crop), float(crop.mean()), side)
        for crop, side in zip(crops, sides, strict=True)
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES))


def _sharpness(patch: NDArray[np.uint8]) -> float:
    return float(np.log(cv2.Laplacian(patch, cv2.CV_32F).var() + 1e-3))


def _auroc(
    fitted: Features,
    measured: Features,
    fitted_labels: Labels,
    labels: Labels,
) -> float | None:
    if len(set(fitted_labels)) < 2 or len(set(labels)) < 2:
        return None
    regression = make_pipeline(StandardScaler(), LogisticRegression())
    regression.fit(fitted, fitted_labels)
    return float(roc_auc_score(labels, regression.decision_function(measured)))
