import numpy as np
import pytest

from centre_node.study.analysis.differences import Comparison
from centre_node.study.analysis.verdicts import judged
from node_api.findings import ArmRole, Difference, Interval


def compared(
    standard_errors: float = 4.0,
    *,
    seeds: int = 10,
    low: float = 0.01,
    high: float = 0.03,
    against_role: ArmRole = "baseline",
    metric: str = "auroc",
) -> Comparison:
    """Return a difference that is so many of its standard errors, of 0.01, away from 0."""
    of_arm = int.from_bytes(f"{against_role}{metric}{standard_errors}{low}".encode()[-6:])
    spread = np.random.default_rng(of_arm).normal(0, 0.01, 4000)
    difference = Difference(
        classifier="cnn",
        train_fraction=1.0,
        arm="B",
        against="none",
        against_role=against_role,
        metric=metric,
        seeds=seeds,
        difference=0.01 * standard_errors,
        interval=Interval(low=low, high=high),
        verdict="undefined",
    )
    return Comparison(difference, 0.01 * standard_errors + spread)


def verdict(*comparisons: Comparison) -> str:
    return judged(comparisons)[0].verdict


def test_an_interval_beside_nought_and_a_small_p_are_a_difference() -> None:
    assert verdict(compared()) == "higher"
    assert verdict(compared(-4.0, low=-0.03, high=-0.01)) == "lower"


def test_neither_is_enough_alone() -> None:
    assert verdict(compared(low=-0.01)) == "no difference shown"
    assert verdict(compared(1.9)) == "no difference shown"


def test_an_interval_that_ends_at_nought_holds_it() -> None:
    assert verdict(compared(low=0.0)) == "no difference shown"


def test_what_one_comparison_shows_is_not_shown_by_the_best_of_ten() -> None:
    others = [compared(0.1 * n) for n in range(9)]

    alone, among = judged([compared(2.3)])[0], judged([compared(2.3), *others])[0]

    assert (alone.verdict, among.verdict) == ("higher", "no difference shown")
    assert alone.p_adjusted == alone.p_patients == among.p_patients


def test_the_smallest_detectable_difference_grows_with_the_comparisons() -> None:
    one = judged([compared()])[0].smallest_detectable
    of_ten = judged([compared(0.1 * n) for n in range(10)])[0].smallest_detectable

    assert one == pytest.approx(0.01 * (1.96 + 0.84), rel=0.05)
    assert of_ten == pytest.approx(0.01 * (2.80 + 0.84), rel=0.05)  # 2.80: Sidak's of ten


@pytest.mark.parametrize(("seeds", "expected"), [(4, "too few seeds"), (5, "higher")])
def test_four_seeds_are_too_few(seeds: int, expected: str) -> None:
    assert verdict(compared(seeds=seeds)) == expected


def test_each_metric_and_kind_of_other_arm_is_corrected_by_itself() -> None:
    alike = [compared(2.3), *(compared(0.1 * n) for n in range(9))]
    apart = [
        compared(2.3, metric="auprc"),
        compared(2.3, against_role="healthy control"),
    ]

    found = judged([*alike, *apart])

    assert [one.verdict for one in found[-2:]] == ["higher", "higher"]


def test_what_is_undefined_stays_so_and_is_not_counted() -> None:
    nothing = compared()
    undefined = Comparison(nothing.difference.model_copy(update={"difference": None}), np.empty(0))

    found = judged([undefined, compared(2.3)])

    assert (found[0].verdict, found[0].p_adjusted) == ("undefined", None)
    assert found[1].p_adjusted == found[1].p_patients


def test_differences_of_earlier_versions_are_read() -> None:
    now = judged([compared()])[0].model_dump(mode="json")
    told = {name: value for name, value in now.items() if not name.startswith("p_")}
    before = {**told, "p_value": 0.002, "p_holm": 0.01, "p_delong": 0.3, "verdict": "higher"}

    read = Difference.model_validate(before)

    assert (read.p_seeds, read.p_delong, read.p_adjusted) == (0.002, 0.3, None)
    assert read.verdict == "higher"
