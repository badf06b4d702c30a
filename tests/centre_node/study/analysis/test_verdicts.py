import pytest

from centre_node.study.analysis.verdicts import judged
from node_api.findings import ArmRole, Difference, Interval


def difference(
    p_value: float | None = 0.001,
    *,
    seeds: int = 10,
    low: float = 0.01,
    high: float = 0.03,
    against_role: ArmRole = "baseline",
    metric: str = "auroc",
) -> Difference:
    return Difference(
        classifier="cnn",
        train_fraction=1.0,
        arm="B",
        against="none",
        against_role=against_role,
        metric=metric,
        seeds=seeds,
        difference=(low + high) / 2,
        interval=Interval(low=low, high=high),
        p_value=p_value,
        p_holm=None,
        p_delong=None,
        smallest_detectable=None,
        verdict="undefined",
    )


def verdict(*differences: Difference) -> str:
    return judged(differences)[0].verdict


def test_an_interval_beside_nought_and_a_small_p_are_a_difference() -> None:
    assert verdict(difference()) == "higher"
    assert verdict(difference(low=-0.03, high=-0.01)) == "lower"


def test_neither_is_enough_alone() -> None:
    assert verdict(difference(low=-0.01)) == "no difference shown"
    assert verdict(difference(p_value=0.06)) == "no difference shown"


def test_an_interval_that_ends_at_nought_holds_it() -> None:
    assert verdict(difference(low=0.0)) == "no difference shown"


@pytest.mark.parametrize(("seeds", "expected"), [(5, "too few seeds"), (6, "higher")])
def test_five_seeds_are_too_few(seeds: int, expected: str) -> None:
    assert verdict(difference(p_value=2 / 2**seeds, seeds=seeds)) == expected


def test_six_seeds_are_too_few_for_two_comparisons_and_the_reason_says_how_many_are_not() -> None:
    found = judged([difference(p_value=2 / 2**6, seeds=6)] * 2)[0]

    assert found.verdict == "too few seeds"
    assert found.p_holm == 0.0625
    assert found.reason == (
        "no corrected p can be below 0.062 with 6 seeds and 2 comparisons; "
        "below 0.05 it can with 7 seeds"
    )


def test_each_metric_and_kind_of_other_arm_is_corrected_by_itself() -> None:
    found = judged(
        [
            difference(0.01),
            difference(0.02),
            difference(0.03, metric="auprc"),
            difference(0.04, against_role="healthy control"),
            difference(0.03, against_role="matched control"),
        ]
    )

    assert [d.p_holm for d in found] == pytest.approx([0.02, 0.02, 0.03, 0.06, 0.06])


def test_each_column_of_the_tables_is_corrected_by_itself() -> None:
    other = difference(0.03).model_copy(update={"train_fraction": 0.123})

    found = judged([difference(0.03), other, difference(0.03)])

    assert [d.p_holm for d in found] == pytest.approx([0.06, 0.03, 0.06])


def test_what_is_undefined_stays_so_and_is_not_counted() -> None:
    found = judged([difference(None), difference(0.04)])

    assert (found[0].verdict, found[0].p_holm) == ("undefined", None)
    assert found[1].p_holm == 0.04
