import pytest

from node_api.findings import Interval, MetricEstimate, ShareInterval
from study_report.wording import (
    MINUS,
    added,
    interval,
    listed,
    number,
    percentage,
    probability,
    recovered,
    signed,
    unbroken,
)
from tests.study_report.made_up import B_ALONE, BOTH, HEALTHY, NONE, REPEATED, B

NBSP = "\N{NO-BREAK SPACE}"


def an_estimate(mean: float | None, std: float | None, defined: int = 3) -> MetricEstimate:
    return MetricEstimate(mean=mean, std=std, interval=None, defined=defined, seeds=3)


def test_a_number_has_its_spread_and_says_when_seeds_lack_it() -> None:
    assert number(an_estimate(0.8416, 0.0124)) == "0.842 (0.012)"
    assert number(an_estimate(0.8416, None, 1)) == "0.842 [1/3]"
    assert number(an_estimate(None, None, 0)) == "n/a"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123, "+0.012"), (-0.5, f"{MINUS}0.500"), (-0.0001, "0.000"), (None, "n/a")],
)
def test_signs_are_true_minus_signs_and_nought_has_none(value: float | None, text: str) -> None:
    assert signed(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.03125, "0.031"), (0.0004, f"<{NBSP}0.001"), (1.0, "1.000"), (None, "n/a")],
)
def test_p_values_are_never_nought(value: float | None, text: str) -> None:
    assert probability(value) == text


def test_a_recovered_share_is_in_whole_percent_and_may_be_negative() -> None:
    assert recovered(0.624, ShareInterval(low=0.351, high=0.884)) == f"62{NBSP}% (35 to 88)"
    assert (
        recovered(-0.2, ShareInterval(low=-0.9, high=-0.001))
        == f"{MINUS}20{NBSP}% ({MINUS}90 to 0)"
    )
    assert recovered(1.0, None) == f"100{NBSP}%"


def test_small_shares_keep_their_decimals() -> None:
    assert [percentage(share) for share in (1.0, 0.5, 0.125)] == [
        f"{text}{NBSP}%" for text in ("100", "50", "12.5")
    ]


def test_an_interval_that_is_not_there_is_said_so() -> None:
    assert interval(Interval(low=0.8, high=0.88)) == "0.800 to 0.880"
    assert interval(None) == "n/a"


def test_lists_are_read_aloud() -> None:
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "none",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_every_arm_says_what_it_adds() -> None:
    assert [added(arm) for arm in (NONE, HEALTHY, REPEATED, B, BOTH, B_ALONE)] == [
        "nothing",
        "no lesion, 200 own healthy patches",
        "200 own lesions over again, 200 own healthy patches",
        "200 synthetic lesions of centre-b, 200 own healthy patches",
        "200 synthetic lesions of centre-b and centre-c, 200 own healthy patches",
        "200 synthetic lesions of centre-b, no own ones",
    ]


def test_lesions_that_were_painted_say_so() -> None:
    assert added(B.model_copy(update={"painted": True})) == (
        "200 synthetic lesions of centre-b painted on own healthy patches, 200 own healthy patches"
    )


def test_lesions_in_other_greys_than_theirs_say_so() -> None:
    always = B.model_copy(update={"harmonised": True})
    chosen = B_ALONE.model_copy(update={"harmonised": "validation", "harmonised_runs": (7, 10)})

    bands = always.model_copy(update={"harmonised_by": "greys_and_bands"})

    assert [added(arm) for arm in (always, chosen, bands)] == [
        "200 synthetic lesions of centre-b in the greys of the own ones, 200 own healthy patches",
        "200 synthetic lesions of centre-b in the greys of the own ones in 7 of 10 runs, as "
        "validation patients chose, no own ones",
        "200 synthetic lesions of centre-b in the greys and frequency bands of the own ones, "
        "200 own healthy patches",
    ]


def test_percent_signs_stay_with_their_numbers() -> None:
    assert unbroken("95 % of it") == f"95{NBSP}% of it"
