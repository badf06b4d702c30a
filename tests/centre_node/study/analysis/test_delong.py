import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from centre_node.study.analysis.delong import delong_p
from centre_node.study.analysis.predictions import Labels, Vector


def by_definition(labels: Labels, first: Vector, second: Vector) -> float:
    """Compare every pair, and take the covariances of the structural components."""
    components = []
    for scores in (first, second):
        lesions, healthy = scores[labels == 1][:, None], scores[labels == 0][None]
        components.append((lesions > healthy) + 0.5 * (lesions == healthy))
    of_lesions = np.cov([pairs.mean(axis=1) for pairs in components])
    of_healthy = np.cov([pairs.mean(axis=0) for pairs in components])
    covariance = of_lesions / labels.sum() + of_healthy / (1 - labels).sum()
    contrast = np.array([1, -1])
    difference = roc_auc_score(labels, first) - roc_auc_score(labels, second)
    return float(2 * norm.sf(abs(difference) / np.sqrt(contrast @ covariance @ contrast)))


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_midranks_give_the_test_by_definition(seed: int, ties: bool) -> None:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, 60)
    first = random.normal(labels, 1.0)
    second = first + random.normal(0, 1.0, 60)
    if ties:
        first, second = np.round(first), np.round(second)

    assert delong_p(labels, first, second) == pytest.approx(by_definition(labels, first, second))


def test_equal_rankings_do_not_differ() -> None:
    labels, scores = np.array([1, 0, 1, 0]), np.array([0.3, 0.1, 0.2, 0.25])

    assert delong_p(labels, scores, np.exp(scores)) == 1.0


def test_a_ranking_upside_down_differs() -> None:
    labels, scores = np.array([1, 1, 0, 0]), np.array([4.0, 3.0, 2.0, 1.0])

    assert delong_p(labels, scores, -scores) == 0.0


@pytest.mark.parametrize("labels", [[1, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0]])
def test_one_patch_of_a_class_has_no_variance(labels: list[int]) -> None:
    scores = np.arange(4.0)

    assert delong_p(np.array(labels), scores, -scores) is None


def test_p_values_are_even_where_rankings_are_alike() -> None:
    random = np.random.default_rng(7)
    found = []
    for _ in range(1000):
        labels = np.arange(80) % 2
        truth = random.normal(labels, 1.0)
        pair = (truth + random.normal(0, 1, 80) for _ in range(2))
        found.append(delong_p(labels, *pair))

    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.02)
