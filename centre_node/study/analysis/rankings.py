"""How well scores rank lesions first, for many weightings of the same patches at once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from centre_node.classifiers.metrics import SPECIFICITY
from centre_node.study.analysis.predictions import Labels, Matrix, Vector


@dataclass(frozen=True)
class Ranked:
    """The patches of one class in falling order of score, and their weights added up.

    Attributes:
        scores: Falling, shape (m,).
        weights: Shape (m, resamples).
        sums: Of the first 0, 1, ... m patches, shape (m + 1, resamples).
    """

    scores: Vector
    weights: Matrix
    sums: Matrix

    @classmethod
    def of(cls, scores: Vector, weights: Matrix) -> "Ranked":
        """Sort patches, shapes (m,) and (m, resamples)."""
        order = np.argsort(-scores, kind="stable")
        weights = weights[order]
        sums = np.zeros((len(weights) + 1, weights.shape[1]))
        for row in range(len(weights)):  # several times faster than cumsum along this axis
            np.add(sums[row], weights[row], out=sums[row + 1])
        return cls(scores[order], weights, sums)

    @property
    def total(self) -> Vector:
        """The weight of all, shape (resamples,)."""
        total: Vector = self.sums[-1]
        return total

    def reaching(self, scores: Vector) -> Matrix:
        """Return the weight of the patches that score as much or more, shape (k, resamples)."""
        return self.sums[np.searchsorted(-self.scores, -scores, side="right")]

    def above(self, scores: Vector) -> Matrix:
        """Return the weight of the patches that score more, shape (k, resamples)."""
        return self.sums[np.searchsorted(-self.scores, -scores, side="left")]


@dataclass(frozen=True)
class Ranking:
    """Lesions against healthy patches. A metric of resamples without one of them is NaN.

    Every metric is that of scikit-learn with `sample_weight`, shape (resamples,), 0 to 1.
    """

    lesions: Ranked
    healthy: Ranked

    @classmethod
    def of(cls, labels: Labels, scores: Vector, weights: Matrix) -> "Ranking":
        """Rank patches by `scores`, shape (n,), with `weights`, shape (n, resamples), from 0 on."""
        lesions, healthy = (
            Ranked.of(scores[labels == label], weights[labels == label]) for label in (1, 0)
        )
        return cls(lesions, healthy)

    @cached_property
    def _healthy_reaching(self) -> Matrix:
        return self.healthy.reaching(self.lesions.scores)

    def auroc(self) -> Vector:
        """Return the share of pairs in order; ties count one half."""
        wrong = self._healthy_reaching + self.healthy.above(self.lesions.scores)
        pairs = self.lesions.total * self.healthy.total
        return 1 - _ratio(_summed(self.lesions.weights, wrong) / 2, pairs)

    def auprc(self) -> Vector:
        """Return the average precision of ranking lesions first."""
        found = self.lesions.reaching(self.lesions.scores)
        return self._defined(_average(self.lesions, found, self._healthy_reaching))

    def auprc_healthy(self) -> Vector:
        """Return the average precision of ranking healthy patches first, from below."""
        found = self.healthy.total - self.healthy.above(self.healthy.scores)
        wrong = self.lesions.total - self.lesions.above(self.healthy.scores)
        return self._defined(_average(self.healthy, found, wrong))

    def sensitivity_at_90_specificity(self) -> Vector:
        """Return the highest sensitivity of a threshold at which one in ten healthy is wrong."""
        allowed = self.healthy.total * (1 - SPECIFICITY) + 1e-9
        found = (self.lesions.weights * (self._healthy_reaching <= allowed)).sum(axis=0)
        return self._defined(_ratio(found, self.lesions.total))

    def _defined(self, metric: Vector) -> Vector:
        return np.where(self.healthy.total * self.lesions.total > 0, metric, np.nan)


def _average(ranked: Ranked, found: Matrix, wrong: Matrix) -> Vector:
    """Return the mean precision over the weights; a patch of no weight may have none."""
    patches = found + wrong
    precision = np.divide(found, patches, out=np.zeros_like(found), where=patches > 0)
    return _ratio(_summed(ranked.weights, precision), ranked.total)


def _summed(weights: Matrix, values: Matrix) -> Vector:
    total: Vector = np.einsum("nr,nr->r", weights, values)
    return total


def _ratio(part: Vector, whole: Vector) -> Vector:
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)
