from typing import Any

import pytest

from centre_node.mammography.readers.nbss import NO_RECORD, NbssRecord
from tests.centre_node.mammography.readers.optimam_folder import episode

OPEN = {"dateperformed": "2010-02-22"}


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (episode(), "N"),
        (episode(ASSESSMENT={"left_opinion": "Normal"}), "NA"),
        (episode(ASSESSMENT=OPEN), None),
        (episode("Benign"), "B"),
        (episode("OB", "OM"), "M"),
        (episode("Benign", EpisodeType="CI"), None),
        (episode("Malignant", EpisodeType="Interval case"), "CI"),
        (episode(EpisodeType="CI"), "CI"),
        (episode("Normal"), None),
        (episode(SURGERY={"right_opinion": "Malignant"}), "M"),
        (episode(SURGERY="unreadable"), "N"),
        ({"Outcome": "B"}, "B"),
        ({"Outcome": "W+"}, None),
        ({}, None),
    ],
)
def test_opinions_make_an_outcome(content: Any, outcome: str | None) -> None:
    assert NbssRecord({"1": content}).outcome("1") == outcome


def test_an_episode_without_an_outcome_has_the_gravest_of_the_client() -> None:
    record = NbssRecord({"1": episode(), "2": episode("Benign"), "3": {}})

    assert [record.outcome(name) for name in ("1", "2", "3", None)] == ["N", "B", "B", "B"]
    assert NO_RECORD.outcome("1") is None


def test_a_client_may_have_an_outcome_of_its_own() -> None:
    assert NbssRecord({}, stated="N").is_healthy
    assert not NbssRecord({"1": episode()}, stated="M").is_healthy


@pytest.mark.parametrize(
    ("lesions", "pathology"),
    [(["1"], "benign"), (["2"], "malignant"), (["1", "2"], "malignant"), (["3"], "malignant")],
)
def test_a_lesions_own_opinion_goes_before_its_breasts(lesions: list[str], pathology: str) -> None:
    biopsy = {"right_opinion": "Malignant", "R": {"1": {"Opinion": "B2"}, "2": {"Opinion": "B5"}}}

    record = NbssRecord({"1": episode(BIOPSYWIDE=biopsy)})

    assert record.pathology("1", "R", lesions) == pathology
    assert record.pathology("1", "L", lesions) is None


def test_surgery_goes_before_biopsy_and_an_uncertain_opinion_says_nothing() -> None:
    biopsy = {"right_opinion": "Uncertain", "R": {"1": {"Opinion": "B3"}, "2": {"Opinion": "B3"}}}
    surgery = {"right_opinion": None, "R": {"1": {"Opinion": "H2"}}}

    record = NbssRecord({"1": episode(BIOPSYWIDE=biopsy, SURGERY=surgery)})

    assert record.pathology("1", "R", ["1"]) == "benign"
    assert record.pathology("1", "R", ["2"]) is None


def test_outcomes_that_differ_say_nothing_of_a_lesion_of_no_known_episode() -> None:
    same, differing = {"1": episode("Benign")}, {"1": episode("Benign"), "2": episode("Malignant")}

    assert NbssRecord(same).pathology(None, "L", ["1"]) == "benign"
    assert NbssRecord(differing).pathology(None, "L", ["1"]) is None
