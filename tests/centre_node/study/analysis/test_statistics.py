"""Whole studies with a known truth."""

import numpy as np
import pytest

from centre_node.study.analysis.differences import differences
from centre_node.study.analysis.predictions import Predictions, columns
from centre_node.study.analysis.resampled_metrics import measured
from centre_node.study.analysis.resampling import Bootstrap, interval_of
from centre_node.study.analysis.statistics import findings
from centre_node.study.analysis.verdicts import judged
from node_api.findings import Cell, Difference, MetricEstimate, StudyFindings
from tests.centre_node.study.analysis.simulated import (
    BASELINE,
    CONTROL,
    REAL,
    SYNTHETIC,
    predicted,
    quick_row,
    simulated,
    true_auroc,
)

ARMS = (BASELINE, CONTROL, SYNTHETIC, REAL)
SHIFTS = {"none": 1.0, "control": 1.0, "B": 1.5, "real B": 2.0}


@pytest.fixture(scope="module")
def study() -> StudyFindings:
    test, runs = simulated(SHIFTS, seeds=10)
    return findings(ARMS, test, runs, resamples=500)


def of(found: StudyFindings, arm: str, against: str, metric: str = "auroc") -> Difference:
    (difference,) = (
        difference
        for difference in found.differences
        if (difference.arm, difference.against, difference.metric) == (arm, against, metric)
    )
    return difference


def cell(found: StudyFindings, arm: str) -> Cell:
    return next(cell for cell in found.cells if cell.arm == arm)


def test_a_planted_gain_is_found(study: StudyFindings) -> None:
    for arm, against in (("B", "none"), ("B", "control"), ("real B", "control")):
        found = of(study, arm, against)
        assert found.verdict == "higher"
        assert found.interval is not None
        truth = true_auroc(SHIFTS[arm]) - true_auroc(SHIFTS[against])
        assert found.interval.low <= truth <= found.interval.high
        assert found.p_delong is not None
        assert found.p_delong < 0.05


def test_a_control_that_changes_nothing_is_not_called_different(study: StudyFindings) -> None:
    found = of(study, "control", "none")

    assert found.verdict == "no difference shown"
    assert found.against_role == "baseline"
    assert found.p_patients is not None
    assert found.p_patients > 0.05


def test_a_difference_is_that_of_the_rows() -> None:
    test, runs = simulated({"none": 1.0, "B": 1.2}, seeds=3)

    found = of(findings((BASELINE, SYNTHETIC), test, runs, resamples=50), "B", "none", "auprc")

    auprc = {(run.row.arm, run.row.seed): run.row.auprc or 0.0 for run in runs}
    expected = np.mean([auprc["B", seed] - auprc["none", seed] for seed in range(3)])
    assert found.difference == pytest.approx(expected)
    assert (found.seeds, found.p_delong) == (3, None)


def test_the_share_of_the_real_gain_is_reported(study: StudyFindings) -> None:
    (recovered,) = study.recovered

    assert recovered.share is not None
    assert 0.2 < recovered.share < 1.0


def test_every_cell_has_its_metrics_curves_and_reliability(study: StudyFindings) -> None:
    assert [cell.arm for cell in study.cells] == list(SHIFTS)
    assert [(curve.arm, curve.kind) for curve in study.curves] == [
        (arm, kind) for arm in SHIFTS for kind in ("roc", "pr")
    ]
    assert [found.arm for found in study.reliability] == list(SHIFTS)
    for estimate in cell(study, "B").metrics.values():
        assert (estimate.defined, estimate.seeds) == (10, 10)
        assert estimate.std is not None


def test_every_interval_holds_its_mean_and_the_calibration_error_has_none(
    study: StudyFindings,
) -> None:
    for name, estimate in cell(study, "B").metrics.items():
        if name == "calibration_error":
            assert estimate.interval is None
            continue
        assert estimate.interval is not None
        assert estimate.mean is not None
        assert estimate.interval.low < estimate.mean < estimate.interval.high


def test_mean_and_std_are_those_of_the_rows() -> None:
    test, runs = simulated({"none": 1.0}, seeds=4)

    found = findings((BASELINE,), test, runs, resamples=20).cells[0].metrics["f1"]

    f1 = [run.row.f1 for run in runs if run.row.f1 is not None]
    assert found.mean == pytest.approx(np.mean(f1))
    assert found.std == pytest.approx(np.std(f1, ddof=1))


def test_the_same_seed_gives_the_same_findings() -> None:
    test, runs = simulated(SHIFTS, seeds=2, patients=20)

    one, two, other = (findings(ARMS, test, runs, resamples=50, seed=seed) for seed in (3, 3, 4))

    assert one == two
    assert one != other


def test_names_of_patients_and_the_order_of_runs_do_not_matter() -> None:
    test, runs = simulated(SHIFTS, seeds=2, patients=20)
    named = type(test)(test.labels, np.array([f"patient {100 + code}" for code in test.patients]))

    assert findings(ARMS, named, runs[::-1], resamples=50) == findings(
        ARMS, test, runs, resamples=50
    )


def test_what_failed_is_left_out_and_the_rest_is_used() -> None:
    test, runs = simulated(SHIFTS, seeds=4, patients=20)
    kept = [
        run
        for run in runs
        if run.row.arm != "real B" and (run.row.arm, run.row.seed) not in {("none", 0), ("B", 3)}
    ]

    found = findings(ARMS, test, kept, resamples=50)

    assert [(cell.arm, cell.metrics["auroc"].seeds) for cell in found.cells] == [
        ("none", 3),
        ("control", 4),
        ("B", 3),
    ]
    assert of(found, "B", "none").seeds == 2  # 1 and 2
    assert of(found, "B", "control").seeds == 3
    assert found.recovered == ()


def test_arms_without_a_common_seed_are_not_compared() -> None:
    test, runs = simulated({"none": 1.0, "B": 1.0}, seeds=2, patients=20)

    found = of(findings((BASELINE, SYNTHETIC), test, [runs[0], runs[3]], resamples=20), "B", "none")

    assert (found.seeds, found.difference, found.p_adjusted) == (0, None, None)
    assert (found.verdict, found.reason) == ("undefined", "no seed has a run of both arms")


def test_columns_are_kept_apart() -> None:
    test, runs = simulated({"none": 1.0, "B": 1.0}, seeds=2, patients=20)
    half = [
        Predictions(run.row.model_copy(update={"train_fraction": 0.5}), -run.log_odds)
        for run in runs
        if run.row.arm == "none"
    ]

    found = findings((BASELINE, SYNTHETIC), test, [*runs, *half], resamples=20)

    assert [(c.train_fraction, c.arm) for c in found.cells] == [
        (1.0, "none"),
        (1.0, "B"),
        (0.5, "none"),
    ]
    assert {d.train_fraction for d in found.differences} == {1.0}


def test_one_seed_has_an_interval_over_patients_and_nothing_that_needs_more() -> None:
    test, runs = simulated(SHIFTS, seeds=1)

    found = findings(ARMS, test, runs, resamples=200)

    estimate = cell(found, "none").metrics["auroc"]
    difference = of(found, "B", "none")
    assert estimate.std is None
    assert estimate.interval is not None
    assert estimate.interval.low < estimate.interval.high
    assert (difference.p_seeds, difference.smallest_detectable) == (1.0, None)
    assert difference.verdict == "too few seeds"


def test_equal_arms_do_not_differ_at_all() -> None:
    test, runs = simulated({"none": 1.0}, seeds=8)
    again = [
        Predictions(run.row.model_copy(update={"arm": "control"}), run.log_odds) for run in runs
    ]

    found = of(
        findings((BASELINE, CONTROL), test, [*runs, *again], resamples=50), "control", "none"
    )

    assert (found.difference, found.p_seeds, found.p_delong) == (0.0, 1.0, 1.0)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (0.0, 0.0)
    assert found.verdict == "no difference shown"


def test_undefined_metrics_say_why_everywhere() -> None:
    scores = [[1.0, 2.0, 3.0], [2.0, 1.0, 3.0]]
    test, runs = predicted([1, 1, 1], {"none": scores, "B": scores})

    found = findings((BASELINE, SYNTHETIC), test, runs, resamples=20)

    assert cell(found, "none").metrics["auroc"] == MetricEstimate(
        mean=None,
        std=None,
        interval=None,
        defined=0,
        seeds=2,
        reason="every test patch is a lesion",
    )
    assert cell(found, "none").metrics["accuracy"].mean == 1.0
    difference = of(found, "B", "none")
    assert (difference.verdict, difference.reason) == ("undefined", "every test patch is a lesion")
    assert found.curves == ()


def test_patients_who_all_have_lesions_leave_only_their_ranking_undefined() -> None:
    test, runs = predicted(
        [1, 0, 1, 0, 1, 0], {"none": [[3.0, 1.0, 2.0, 2.0, 0.0, -1.0]]}, [0, 0, 1, 1, 2, 2]
    )

    metrics = findings((BASELINE,), test, runs, resamples=20).cells[0].metrics

    assert metrics["auroc_patients"].reason == "every test patient has a lesion patch"
    assert metrics["auroc"].interval is not None


@pytest.mark.slow
def test_more_patients_and_seeds_detect_smaller_differences() -> None:
    def detectable(seeds: int, patients: int) -> float:
        test, runs = simulated({"none": 1.0, "B": 1.0}, seeds=seeds, patients=patients)
        found = of(findings((BASELINE, SYNTHETIC), test, runs, resamples=300), "B", "none")
        assert found.smallest_detectable is not None
        return found.smallest_detectable

    assert 0 < detectable(12, 240) < detectable(5, 60) / 2


def null_study(seed: int, *, of_arm: float) -> tuple[Difference, ...]:
    """Compare two arms that are alike over all patients that there could be."""
    test, runs = simulated(
        {"none": 1.0, "B": 1.0},
        seeds=10,
        patches=2,
        seed=seed,
        of_arm=of_arm,
        make_row=quick_row,
    )
    bootstrap = Bootstrap.of(test, resamples=200, seed=seed)
    column = measured(columns(["none", "B"], runs)[0], test, bootstrap)
    return judged(differences((BASELINE, SYNTHETIC), test, column))


@pytest.mark.slow
def test_arms_that_are_alike_are_seldom_called_different() -> None:
    found = [null_study(seed, of_arm=0.0) for seed in range(50)]

    for index in range(2):
        called = [study[index].verdict != "no difference shown" for study in found]
        assert np.mean(called) <= 0.1  # 5 %, and what chance may add


@pytest.mark.slow
def test_nor_are_arms_that_happen_to_suit_these_patches() -> None:
    """Their seeds agree, which is all that sign flips see: the interval over patients is needed."""
    found = [null_study(seed, of_arm=0.6) for seed in range(50)]

    for index in range(2):
        called = [study[index].verdict != "no difference shown" for study in found]
        by_sign_flips_alone = [(study[index].p_seeds or 0.0) < 0.05 for study in found]
        assert np.mean(called) <= 0.1
        assert np.mean(by_sign_flips_alone) > 0.2


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    held = []
    for seed in range(100):
        test, runs = simulated({"none": 1.5}, seeds=5, patches=2, seed=seed, make_row=quick_row)
        bootstrap = Bootstrap.of(test, resamples=300, seed=seed)
        column = measured(columns(["none"], runs)[0], test, bootstrap)
        interval = interval_of(column.resampled_mean("none", "auroc", range(5)))
        assert interval is not None
        held.append(interval.low <= true_auroc(1.5) <= interval.high)

    assert 0.88 <= np.mean(held) <= 0.99


def test_patches_taken_for_independent_would_hold_it_too_seldom() -> None:
    """The reason for resampling patients: eight patches of a patient are not eight patients."""
    widths = []
    test, runs = simulated({"none": 1.0}, seeds=1, patients=40, patches=8)
    alone = type(test)(test.labels, np.arange(len(test.labels)))
    for patches in (test, alone):
        found = findings((BASELINE,), patches, runs, resamples=500).cells[0].metrics["auroc"]
        assert found.interval is not None
        widths.append(found.interval.high - found.interval.low)

    assert widths[0] > 1.4 * widths[1]
