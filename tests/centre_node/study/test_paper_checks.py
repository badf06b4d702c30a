from itertools import product

import pytest

from centre_node.study.paper_checks import (
    healthy_share,
    highest_f1,
    paper_checks,
    welch_p,
)
from centre_node.study.paper_tables import PaperMetric, PaperValue


@pytest.mark.parametrize(("missed", "called"), [(0, 6), (6, 0), (2, 4), (3, 3)])
def test_the_share_of_a_known_test_set_is_among_those_that_fit(missed: int, called: int) -> None:
    found, patches = 20 - missed, 100
    accuracy = (patches - missed - called) / patches
    f1 = 2 * found / (2 * found + missed + called)

    allowed = healthy_share(accuracy, f1)

    assert allowed.low <= 0.20 <= allowed.high
    assert allowed.high - allowed.low == pytest.approx(0.06, abs=0.006)


def test_no_run_with_so_many_errors_has_a_higher_f1() -> None:
    scores = [
        2 * (20 - missed) / (2 * (20 - missed) + missed + called)
        for missed, called in product(range(7), repeat=2)
        if missed + called == 6
    ]

    assert highest_f1(0.94, 0.20) == pytest.approx(max(scores))


def test_about_8_percent_of_the_papers_test_patches_were_healthy_and_80_for_masses() -> None:
    lesions, masses = paper_checks().shares

    assert (lesions.lesions, masses.lesions) == ("all", "masses")
    assert (round(lesions.share.low, 2), round(lesions.share.high, 2)) == (0.08, 0.09)
    assert (round(masses.share.low, 2), round(masses.share.high, 2)) == (0.79, 0.83)


def test_every_cell_but_the_suspicious_f1_fits_one_share() -> None:
    lesions, masses = paper_checks().shares
    (outlier,) = lesions.outliers

    assert (lesions.consistent, lesions.cells) == (27, 28)
    assert (masses.consistent, masses.cells, masses.outliers) == (28, 28, ())
    assert (outlier.classifier, outlier.train_fraction, outlier.arm) == (
        "swin",
        0.5,
        "BCDR (DCGAN)",
    )
    assert outlier.metrics["f1"].mean == 0.880
    assert [round(highest, 2) for highest in lesions.highest_f1] == [0.81]


@pytest.mark.parametrize(
    ("metric", "better"), [("auroc", 36), ("auprc", 31), ("f1", 33), ("accuracy", 31)]
)
def test_synthetic_patches_beat_none_as_often_as_the_tables_say(
    metric: PaperMetric, better: int
) -> None:
    gains = paper_checks().of(metric)

    assert (sum(gain.gain > 0 for gain in gains), len(gains)) == (better, 40)


def test_twelve_gains_in_auroc_are_significant_nine_of_them_for_masses_with_swin() -> None:
    significant = [gain for gain in paper_checks().of("auroc") if gain.is_significant]
    masses_swin = [g for g in significant if (g.lesions, g.classifier) == ("masses", "swin")]

    assert (len(significant), len(masses_swin)) == (12, 9)


def test_welchs_test_is_that_of_a_worked_example() -> None:
    """Of t = (5 - 2) / sqrt(1/3 + 1/3) = 3.674 with 4 degrees of freedom: p = 0.0213."""
    p = welch_p(PaperValue(mean=5, std=1), PaperValue(mean=2, std=1))

    assert p == pytest.approx(0.0213, abs=5e-5)
