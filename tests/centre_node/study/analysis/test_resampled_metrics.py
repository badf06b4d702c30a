from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, brier_score_loss, f1_score, roc_auc_score

from centre_node.classifiers.calibration import calibrated
from centre_node.classifiers.metrics import predicted_lesions
from centre_node.study.analysis import resampling
from centre_node.study.analysis.predictions import Predictions, columns
from centre_node.study.analysis.resampled_metrics import MeasuredColumn, measured
from centre_node.study.analysis.resampling import Bootstrap
from tests.centre_node.study.analysis.simulated import predicted, simulated


def test_every_resample_has_the_metrics_of_its_patches() -> None:
    test, runs = simulated({"none": 1.0}, seeds=1, patients=12)
    bootstrap = Bootstrap.of(test, resamples=25, seed=0)

    found = measured(columns(["none"], runs)[0], test, bootstrap).resampled["none", 0]

    predictions = predicted_lesions(runs[0].log_odds, 0.5)
    probability = calibrated(runs[0].log_odds, 1.5)
    for resample, drawn in enumerate(bootstrap.drawn[bootstrap.patient_of].T):
        labels = np.repeat(test.labels, drawn)
        expected = {
            "accuracy": accuracy_score(labels, np.repeat(predictions, drawn)),
            "f1": f1_score(labels, np.repeat(predictions, drawn)),
            "f1_healthy": f1_score(1 - labels, 1 - np.repeat(predictions, drawn)),
            "auroc": roc_auc_score(labels, np.repeat(runs[0].log_odds, drawn)),
            "brier": brier_score_loss(labels, np.repeat(probability, drawn)),
        }
        assert {name: found[name][resample] for name in expected} == pytest.approx(expected)


def test_a_patient_with_a_lesion_ranks_by_its_most_suspicious_patch_in_each_resample() -> None:
    test, runs = predicted(
        [1, 0, 1, 0, 0, 0], {"none": [[1.0, 5.0, 2.0, 0.0, 3.0, 1.0]]}, [0, 0, 1, 1, 2, 3]
    )
    bootstrap = Bootstrap.of(test, resamples=40, seed=0)

    found = measured(columns(["none"], runs)[0], test, bootstrap).resampled["none", 0]

    first, second, third, fourth = bootstrap.drawn.astype(float)  # 5, 2, 3 and 1
    in_order = first * (third + fourth) + second * fourth
    assert found["auroc_patients"] == pytest.approx(in_order / 4)


def test_parts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    test, runs = simulated({"none": 1.0}, seeds=2, patients=12)

    def metrics() -> MeasuredColumn:
        bootstrap = Bootstrap.of(test, resamples=20, seed=0)
        return measured(columns(["none"], runs)[0], test, bootstrap)

    whole = metrics().resampled
    monkeypatch.setattr(resampling, "MOST_VALUES", 100)
    parts = metrics().resampled

    for run, by_name in whole.items():
        for name, values in by_name.items():
            np.testing.assert_allclose(parts[run][name], values, rtol=1e-12)


def test_seeds_are_those_of_runs_that_are_there_and_define_the_metric() -> None:
    test, runs = simulated({"none": 1.0, "B": 1.0}, seeds=3, patients=12)
    undefined = runs[1].row.model_copy(update={"auroc": None})
    runs = [runs[0], Predictions(undefined, runs[1].log_odds), *runs[2:5]]  # seed 2 of B failed
    column = columns(["none", "B"], runs)[0]

    found = measured(column, test, Bootstrap.of(test, resamples=5, seed=0))

    assert found.seeds_with("auroc", "none") == (0, 2)
    assert found.seeds_with("auroc", "none", "B") == (0,)
    assert found.seeds_with("auprc", "none", "B") == (0, 1)
    assert "auroc" not in found.resampled["none", 1]


def test_healthy_patches_that_stand_there_three_times_leave_every_auroc_as_it_is() -> None:
    test, runs = simulated({"none": 1.0}, seeds=1, patients=12)
    times = np.where(test.labels == 1, 1, 3)
    patients = np.repeat(np.unique(test.patients, return_inverse=True)[1], times)
    more = replace(test, labels=np.repeat(test.labels, times), patients=patients)
    the_same = [Predictions(runs[0].row, np.repeat(runs[0].log_odds, times))]

    one, other = (
        measured(columns(["none"], found)[0], of, Bootstrap.of(of, resamples=50, seed=0))
        for found, of in ((runs, test), (the_same, more))
    )

    for metric in ("auroc", "auroc_patients", "sensitivity_at_90_specificity"):
        np.testing.assert_allclose(
            other.resampled["none", 0][metric], one.resampled["none", 0][metric], rtol=1e-12
        )
    assert (other.resampled["none", 0]["auprc"] < one.resampled["none", 0]["auprc"]).all()
