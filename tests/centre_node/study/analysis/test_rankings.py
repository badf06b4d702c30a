import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from centre_node.classifiers.metrics import classification_metrics
from centre_node.study.analysis.predictions import Labels, Matrix, Vector
from centre_node.study.analysis.rankings import Ranking


def ranking(labels: list[int], scores: list[float], *weights: list[float]) -> Ranking:
    drawn = np.array(weights if weights else [[1.0] * len(labels)]).T
    return Ranking.of(np.array(labels, dtype=np.int64), np.array(scores), drawn)


def random_patches(seed: int, *, ties: bool) -> tuple[Labels, Vector, Matrix]:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, 40)
    scores = random.normal(labels, 1.0)
    return labels, np.round(scores) if ties else scores, random.poisson(1.0, (40, 30)).astype(float)


def test_four_patches_are_ranked_as_by_hand() -> None:
    found = ranking([1, 0, 1, 0], [4.0, 3.0, 2.0, 1.0])

    assert found.auroc() == pytest.approx([0.75])
    assert found.auprc() == pytest.approx([(1 / 1 + 2 / 3) / 2])
    assert found.auprc_healthy() == pytest.approx([(1 / 1 + 2 / 3) / 2])
    assert found.sensitivity_at_90_specificity() == pytest.approx([0.5])


def test_a_patch_drawn_twice_counts_twice_and_one_not_drawn_not_at_all() -> None:
    found = ranking([1, 0, 1, 0], [4.0, 3.0, 2.0, 1.0], [1, 2, 1, 1], [1, 0, 1, 1], [0, 1, 1, 1])

    assert found.auroc() == pytest.approx([4 / 6, 1.0, 0.5])
    assert found.auprc() == pytest.approx([(1 + 2 / 4) / 2, 1.0, 0.5])


def test_a_tie_counts_half() -> None:
    assert ranking([1, 0], [1.0, 1.0]).auroc() == pytest.approx([0.5])
    assert ranking([1, 0], [1.0, 1.0]).auprc() == pytest.approx([0.5])


def test_a_resample_of_one_class_has_no_ranking() -> None:
    found = ranking([1, 0], [2.0, 1.0], [1, 0], [0, 1], [1, 1])

    for metric in (
        found.auroc(),
        found.auprc(),
        found.auprc_healthy(),
        found.sensitivity_at_90_specificity(),
    ):
        assert list(np.isnan(metric)) == [True, True, False]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_weights_mean_what_they_mean_to_scikit_learn(seed: int, ties: bool) -> None:
    labels, scores, weights = random_patches(seed, ties=ties)

    found = Ranking.of(labels, scores, weights)

    reference = [
        (
            roc_auc_score(labels, scores, sample_weight=drawn),
            average_precision_score(labels, scores, sample_weight=drawn),
            average_precision_score(1 - labels, -scores, sample_weight=drawn),
        )
        for drawn in weights.T
    ]
    ours = np.stack([found.auroc(), found.auprc(), found.auprc_healthy()], axis=1)
    np.testing.assert_allclose(ours, reference, rtol=0, atol=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_so_does_the_sensitivity(ties: bool) -> None:
    labels, scores, weights = random_patches(5, ties=ties)
    expected = []
    for drawn in weights.T:
        wrong, found, _ = roc_curve(labels, scores, sample_weight=drawn, drop_intermediate=False)
        expected.append(found[wrong <= 0.1 + 1e-9].max())

    ours = Ranking.of(labels, scores, weights).sensitivity_at_90_specificity()

    assert ours == pytest.approx(expected)


@pytest.mark.parametrize("ties", [False, True])
def test_with_every_patch_drawn_once_they_are_the_metrics_of_a_run(ties: bool) -> None:
    labels, scores, _ = random_patches(9, ties=ties)

    found = Ranking.of(labels, scores, np.ones((40, 1)))

    metrics = classification_metrics(
        labels, scores, patients=np.arange(40), threshold=0.5, temperature=1.0
    )
    assert found.auroc()[0] == pytest.approx(metrics.auroc)
    assert found.auprc()[0] == pytest.approx(metrics.auprc)
    assert found.auprc_healthy()[0] == pytest.approx(metrics.auprc_healthy)
    assert found.sensitivity_at_90_specificity()[0] == metrics.sensitivity_at_90_specificity
