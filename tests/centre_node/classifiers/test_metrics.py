import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from centre_node.classifiers.metrics import (
    chosen_threshold,
    classification_metrics,
    most_of_each,
    predicted_lesions,
)
from node_api.rows import Metrics, RunRow

RANKINGS = ["auroc", "auprc", "auprc_healthy", "sensitivity_at_90_specificity"]
OF_PATIENTS = ["auroc_patients", "auprc_patients"]


def metrics(
    labels: list[int], probabilities: list[float], patients: list[str] | None = None
) -> Metrics:
    owners = [str(index) for index in range(len(labels))] if patients is None else patients
    return classification_metrics(
        np.array(labels, dtype=np.int64),
        logit(np.array(probabilities)),
        patients=np.array(owners),
        threshold=0.5,
        temperature=1.0,
    )


def threshold(labels: list[int], probabilities: list[float]) -> float:
    return chosen_threshold(np.array(labels, dtype=np.int64), logit(np.array(probabilities)))


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
    assert found.sensitivity_at_90_specificity == 0.5
    assert found.brier == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4)
    assert found.calibration_error == pytest.approx((0.1 + 0.6 + 0.6 + 0.1) / 4)
    assert found.undefined == {}


def test_lesion_is_the_positive_class() -> None:
    found = metrics([1, 0, 0, 0, 0], [0.9, 0.8, 0.1, 0.1, 0.1])

    assert found.prevalence == 0.2
    assert found.f1 == pytest.approx(2 / 3)
    assert found.f1_healthy == pytest.approx(6 / 7)


def test_a_probability_of_the_threshold_is_a_lesion() -> None:
    assert metrics([1, 0], [0.5, 0.4999]).accuracy == 1.0


def test_a_perfect_ranking_scores_one_everywhere() -> None:
    found = metrics([0, 1, 1], [0.2, 0.7, 0.8])

    for name in ["accuracy", "f1", "f1_healthy", *RANKINGS, *OF_PATIENTS]:
        assert getattr(found, name) == 1.0


def test_sensitivity_is_that_of_the_lowest_threshold_with_one_in_ten_wrong() -> None:
    labels = [1, 0, 1, 0, 1] + [0] * 18  # 20 healthy patches: two may be wrong
    falling = list(np.linspace(0.9, 0.1, len(labels)))

    assert metrics(labels, falling).sensitivity_at_90_specificity == 1.0
    assert metrics(labels[:-1], falling[:-1]).sensitivity_at_90_specificity == pytest.approx(2 / 3)


def test_a_patient_is_as_suspicious_as_its_most_suspicious_patch() -> None:
    found = metrics(
        [1, 0, 0, 0, 1, 0], [0.3, 0.8, 0.6, 0.1, 0.5, 0.2], ["a", "a", "b", "b", "c", "c"]
    )

    assert found.n_test_patients == 3  # a: lesion, 0.8; b: healthy, 0.6; c: lesion, 0.5
    assert found.auroc_patients == 0.5
    assert found.auprc_patients == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_patients_who_all_have_a_lesion_leave_their_ranking_undefined() -> None:
    found = metrics([1, 0, 1, 0], [0.9, 0.1, 0.8, 0.2], ["a", "a", "b", "b"])

    assert found.auroc == 1.0
    assert (found.auroc_patients, found.auprc_patients) == (None, None)
    assert found.undefined == dict.fromkeys(OF_PATIENTS, "every test patient has a lesion patch")


def test_rankings_of_lesions_only_are_undefined_not_nan() -> None:
    found = metrics([1] * 3, [0.2, 0.6, 0.9])

    assert found.prevalence == 1
    assert [getattr(found, name) for name in RANKINGS + OF_PATIENTS] == [None] * 6
    assert set(found.undefined) == {*RANKINGS, *OF_PATIENTS}
    assert found.undefined["auroc"] == "every test patch is a lesion"


def test_rankings_without_lesions_are_undefined_not_nan() -> None:
    found = metrics([0] * 3, [0.2, 0.4, 0.1])

    assert [getattr(found, name) for name in RANKINGS + OF_PATIENTS] == [None] * 6
    assert found.undefined["auprc_patients"] == "no test patch is a lesion"
    assert found.f1 is None
    assert found.undefined["f1"] == "no test patch is a lesion or predicted to be"
    assert found.f1_healthy == 1.0


def test_the_f1_of_a_class_that_is_never_found_is_zero() -> None:
    assert metrics([1, 0], [0.1, 0.2]).f1 == 0.0


def swapped(found: Metrics) -> tuple[float | None, ...]:
    return found.f1_healthy, found.auprc_healthy, found.auroc, found.accuracy


def test_swapping_the_classes_swaps_the_columns() -> None:
    random = np.random.default_rng(0)
    labels = [int(label) for label in random.integers(0, 2, 50)]
    probabilities = random.random(50)

    found = metrics(labels, list(probabilities))
    other = metrics([1 - label for label in labels], list(1 - probabilities))

    assert (other.f1, other.auprc, other.auroc, other.accuracy) == pytest.approx(swapped(found))


def test_tiny_probabilities_still_rank_healthy_patches() -> None:
    assert metrics([1, 0, 0], [1e-18, 1e-19, 1e-20]).auprc_healthy == 1.0


def test_sure_predictions_still_rank_although_their_probabilities_are_all_one() -> None:
    found = classification_metrics(
        np.array([1, 0]),
        np.array([900.0, 800.0]),
        patients=np.array([0, 1]),
        threshold=0.5,
        temperature=1.0,
    )

    assert found.auroc == 1.0


def test_the_temperature_changes_calibration_only() -> None:
    labels, log_odds = np.array([1, 0, 1, 0]), np.array([2.0, 1.0, -1.0, -3.0])

    cold, hot = (
        classification_metrics(
            labels, log_odds, patients=labels, threshold=0.6, temperature=temperature
        ).model_dump(exclude={"temperature"})
        for temperature in (1.0, 2.0)
    )

    assert hot["brier"] == pytest.approx(np.mean((expit(log_odds / 2) - labels) ** 2))
    assert {name for name in cold if cold[name] != hot[name]} == {"brier", "calibration_error"}


def test_every_metric_has_its_column() -> None:
    found = metrics([1, 0, 1, 0], [0.9, 0.1, 0.8, 0.2])

    row = RunRow(
        classifier="cnn",
        arm="none",
        train_fraction=1.0,
        lesions="all",
        seed=0,
        n_train_real=1,
        n_train_synthetic=0,
        **found.model_dump(),
    )

    assert row.model_dump(include=set(Metrics.model_fields)) == found.model_dump()
    assert set(RunRow.model_fields) - set(Metrics.model_fields) == {
        *("classifier", "arm", "train_fraction", "lesions", "seed"),
        *("n_train_real", "n_train_synthetic"),
    }


def test_the_threshold_lies_halfway_between_the_classes() -> None:
    assert threshold([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.9]) == pytest.approx(0.25)


def test_the_threshold_gives_the_highest_f1() -> None:
    labels, probabilities = [0, 1, 0, 1, 1], [0.1, 0.2, 0.5, 0.7, 0.9]

    # from 0.15 on: 3 found, 1 wrong, F1 6 / 7; from 0.6 on: 2 found, F1 4 / 5
    assert threshold(labels, probabilities) == pytest.approx(0.15)


def test_of_equally_good_thresholds_the_nearest_to_one_half_is_chosen() -> None:
    labels, probabilities = [1, 0, 0, 1], [0.1, 0.3, 0.4, 0.8]

    # 2 of 4 predictions right, F1 2 / 3, from 0.05 on, and 1 of 1 right, F1 2 / 3, from 0.6 on
    assert threshold(labels, probabilities) == pytest.approx(0.6)


def test_where_everything_had_better_be_a_lesion_it_is() -> None:
    labels, log_odds = np.array([1, 0, 1]), logit(np.array([0.2, 0.6, 0.4]))

    found = chosen_threshold(labels, log_odds)

    assert found == pytest.approx(0.1)
    assert predicted_lesions(log_odds, found).all()


def test_a_threshold_between_neighbouring_numbers_still_parts_them() -> None:
    higher = lower = -1.0
    while expit(higher) == expit(lower):
        higher = np.nextafter(higher, 0)
    labels, log_odds = np.array([1, 0]), np.array([higher, lower])

    found = chosen_threshold(labels, log_odds)

    assert expit(higher) == np.nextafter(expit(lower), 1)
    assert list(predicted_lesions(log_odds, found)) == [True, False]


@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_has_a_higher_f1(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels: NDArray[np.int64] = random.integers(0, 2, 40)
    log_odds = np.round(random.normal(labels, 1.5), 1)  # ties

    def f1(at: float) -> float:
        predicted = predicted_lesions(log_odds, at)
        return float(2 * (predicted & (labels == 1)).sum() / (predicted.sum() + labels.sum()))

    found = f1(chosen_threshold(labels, log_odds))

    assert found == max(f1(at) for at in np.linspace(0, 1, 2001))


def test_the_most_of_each_group_is_known() -> None:
    found = most_of_each(np.array([1, 0, 1, 2]), np.array([3.0, 1.0, 5.0, -2.0]))

    assert list(found) == [1.0, 5.0, -2.0]
