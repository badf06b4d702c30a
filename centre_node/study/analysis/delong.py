"""DeLong's test: do two classifiers rank the same patches equally well?"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from centre_node.study.analysis.predictions import Labels, Matrix, Vector

FEWEST = 2


def delong_p(labels: Labels, first: Vector, second: Vector) -> float | None:
    """Return the two-sided p of two scores' AUROCs being equal, 0 to 1.

    It takes patches to be independent, which those of one patient are not. None if a class has
    fewer than two patches.

    Args:
        labels: 1 for lesion, 0 for healthy, shape (n,).
        first: Scores, shape (n,).
        second: Scores of the same patches, shape (n,).

    Source: DeLong et al. 1988; by midranks: Sun and Xu 2014.
    """
    lesion = labels == 1
    if min(lesion.sum(), (~lesion).sum()) < FEWEST:
        return None
    of_lesions, of_healthy = _placements(lesion, np.stack([first, second]))
    contrasts = [first - second for first, second in (of_lesions, of_healthy)]
    difference = contrasts[0].mean()
    variance = sum(np.var(contrast, ddof=1) / len(contrast) for contrast in contrasts)
    if variance == 0:
        return float(difference == 0)
    return float(2 * norm.sf(abs(difference) / np.sqrt(variance)))


def _placements(lesion: NDArray[np.bool_], scores: Matrix) -> tuple[Matrix, Matrix]:
    """Return, for each patch, the share of the other class that it is in order with.

    Shapes (2, lesions) and (2, healthy); the mean of either is the AUROC.
    """
    among_all = rankdata(scores, axis=1)
    among_lesions = rankdata(scores[:, lesion], axis=1)
    among_healthy = rankdata(scores[:, ~lesion], axis=1)
    lesions, healthy = among_lesions.shape[1], among_healthy.shape[1]
    of_lesions = (among_all[:, lesion] - among_lesions) / healthy
    of_healthy = 1 - (among_all[:, ~lesion] - among_healthy) / lesions
    return of_lesions, of_healthy
