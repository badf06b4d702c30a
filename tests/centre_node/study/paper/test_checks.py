"""What the paper's own numbers show."""

import pytest
from scipy.stats import ttest_ind

from centre_node.study.paper.checks import Gains, PaperChecks, paper_checks
from study_report.paper_tables import Metric


@pytest.fixture(scope="module")
def checks() -> PaperChecks:
    return paper_checks()


def _gains(checks: PaperChecks, metric: Metric) -> Gains:
    [found] = [gains for gains in checks.gains if gains.metric == metric]
    return found


@pytest.mark.parametrize(
    ("metric", "higher", "equal", "lower"),
    [("accuracy", 31, 0, 9), ("f1", 33, 0, 7), ("auroc", 36, 1, 3), ("auprc", 31, 1, 8)],
)
def test_synthetic_arms_mostly_beat_none(
    checks: PaperChecks, metric: Metric, higher: int, equal: int, lower: int
) -> None:
    gains = _gains(checks, metric)

    assert (gains.higher, gains.equal, gains.lower) == (higher, equal, lower)
    assert len(gains.gains) == 40


def test_few_gains_in_auroc_are_significant_and_most_of_them_are_masses_with_swin(
    checks: PaperChecks,
) -> None:
    gains = _gains(checks, "auroc")

    assert (gains.significant, gains.significant_masses_swin) == (12, 9)


def test_no_gain_in_auroc_outlives_the_correction(checks: PaperChecks) -> None:
    gains = _gains(checks, "auroc")

    assert gains.significant_holm == 0
    assert min(gain.p_holm for gain in gains.gains) == pytest.approx(0.07, abs=0.005)


def test_the_p_is_that_of_three_seeds_with_these_means_and_stds(checks: PaperChecks) -> None:
    """Masses, Swin, 50 %, OPTIMAM 0.963(.013) against 0.877(.015): made-up seeds with both."""
    [gain] = [
        gain
        for gain in _gains(checks, "auroc").gains
        if (gain.lesions, gain.classifier, gain.train_fraction, gain.arm)
        == ("masses", "swin", 0.5, "OPTIMAM (DCGAN)")
    ]
    seeds, seeds_of_none = [0.950, 0.963, 0.976], [0.862, 0.877, 0.892]

    assert gain.gain == 0.086
    assert gain.p_welch == pytest.approx(
        ttest_ind(seeds, seeds_of_none, equal_var=False).pvalue, rel=1e-6
    )


def test_one_cell_alone_does_not_fit_its_test_set(checks: PaperChecks) -> None:
    [misfit] = checks.misfits
    [unfit] = [checked for checked in checks.cells if not checked.fits]

    assert misfit.cell == unfit.cell
    assert (misfit.cell.column, misfit.cell.arm) == (("all", "swin", 0.5), "BCDR (DCGAN)")
    assert (misfit.cell.accuracy.mean, misfit.cell.f1.mean) == (0.959, 0.880)


def test_the_misfit_implies_twice_its_neighbours_true_positives(checks: PaperChecks) -> None:
    [misfit] = checks.misfits

    assert misfit.true_positives == pytest.approx(0.150, abs=5e-4)
    assert misfit.others.low == pytest.approx(0.061, abs=5e-4)
    assert misfit.others.high == pytest.approx(0.073, abs=5e-4)


def test_the_misfit_may_be_a_misprint_of_0_78(checks: PaperChecks) -> None:
    [misfit] = checks.misfits

    assert misfit.f1_like_others.low < 0.780 < misfit.f1_like_others.high
    assert misfit.f1_like_median == pytest.approx(0.77, abs=0.005)


def test_no_three_seeds_could_have_the_misfits_accuracy_and_f1(checks: PaperChecks) -> None:
    [misfit] = checks.misfits

    assert misfit.highest_f1 < misfit.cell.f1.mean


def test_the_checks_survive_json(checks: PaperChecks) -> None:
    assert PaperChecks.model_validate_json(checks.model_dump_json()) == checks
