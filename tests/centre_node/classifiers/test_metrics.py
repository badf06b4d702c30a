import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.classifiers.metrics import Metrics, classification_metrics


def metrics(labels: list[int], probabilities: list[float]) -> Metrics:
    return classification_metrics(np.array(labels, dtype=np.int64), np.array(probabilities))


def test_metrics_of_four_patches_are_known() -> None:
    found = metrics([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1])

    assert found.n_test == 4
    assert found.prevalence == 0.5
    assert found.accuracy == 0.5
    assert found.f1 == 0.5  # 1 true positive, 1 false positive, 1 false negative
    assert found.auroc == 0.75  # 3 of the 4 pairs are in order
    assert found.auprc == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert found.f1_healthy == 0.5
    assert found.auprc_healthy == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_lesion_is_the_positive_class() -> None:
    found = metrics([1, 0, 0, 0, 0], [0.9, 0.8, 0.1, 0.1, 0.1])

    assert found.prevalence == 0.2
    assert found.f1 == pytest.approx(2 / 3)
    assert found.f1_healthy == pytest.approx(6 / 7)


def test_a_probability_of_one_half_is_a_lesion() -> None:
    assert metrics([1, 0], [0.5, 0.4999]).accuracy == 1.0


def test_a_perfect_ranking_scores_one_everywhere() -> None:
    found = metrics([0, 1, 1], [0.2, 0.7, 0.8])

    assert found.model_dump(exclude={"n_test", "prevalence"}) == dict.fromkeys(
        ["accuracy", "f1", "auroc", "auprc", "f1_healthy", "auprc_healthy"], 1.0
    )


@pytest.mark.parametrize("label", [0, 1])
def test_rankings_of_one_class_are_undefined_not_nan(label: int) -> None:
    found = metrics([label] * 3, [0.2, 0.6, 0.9])

    assert found.prevalence == label
    assert (found.auroc, found.auprc, found.auprc_healthy) == (None, None, None)


def test_the_f1_of_a_class_neither_present_nor_predicted_is_undefined() -> None:
    found = metrics([0, 0], [0.1, 0.2])

    assert found.f1 is None
    assert found.f1_healthy == 1.0


def test_the_f1_of_a_class_that_is_never_found_is_zero() -> None:
    assert metrics([1, 0], [0.1, 0.2]).f1 == 0.0


def swapped(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> Metrics:
    return classification_metrics(1 - labels, 1 - probabilities)


def test_swapping_the_classes_swaps_the_columns() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 50)
    probabilities = random.random(50)

    found, other = classification_metrics(labels, probabilities), swapped(labels, probabilities)

    assert (other.f1, other.auprc) == pytest.approx((found.f1_healthy, found.auprc_healthy))
    assert other.auroc == pytest.approx(found.auroc)


def test_tiny_probabilities_still_rank_healthy_patches() -> None:
    assert metrics([1, 0, 0], [1e-18, 1e-19, 1e-20]).auprc_healthy == 1.0
