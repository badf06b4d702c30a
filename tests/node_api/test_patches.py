"""How patches are cut, in px or in mm, by the receiver and otherwise from a donor's mammograms."""

import hashlib
from typing import Any

import pytest
from pydantic import ValidationError

from node_api.patches import DonorCutting, PatchConfiguration
from node_api.studies import StudyConfiguration

ARMS = ({"name": "none"}, {"name": "Real B", "real_donors": ("centre-b",)})


def study(**changes: Any) -> StudyConfiguration:
    return StudyConfiguration.model_validate({"arms": ARMS, **changes})


def sha256(model: PatchConfiguration | StudyConfiguration) -> str:
    return hashlib.sha256(model.model_dump_json().encode()).hexdigest()


def test_what_uses_none_of_the_later_options_has_the_digest_that_it_always_had() -> None:
    by_spacing = PatchConfiguration(margin_mm=4.2, smallest_side_px=129)

    assert [sha256(one) for one in (PatchConfiguration(), by_spacing, study())] == [
        "6478ba4211cebe922330a918089f041e34c6ee0ebd2a7e7413a5a9afbe2c9842",
        "bb8cdb4c83b9b16c3d85139b64813ac36b51deba27ad0b3ab217a755266571b6",
        "2de39b582923491f352364d79f13300d7ea33daad4eca010ed4279277d0fce6f",
    ]


@pytest.mark.parametrize("model", [PatchConfiguration, DonorCutting])
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"margin_px": 9, "margin_mm": 2.0}, "the margin is given in px and in mm; give one"),
        (
            {"smallest_side_px": 40, "smallest_side_mm": 9.0},
            "the smallest side is given in px and in mm; give one",
        ),
    ],
)
def test_a_length_is_given_in_one_unit(model: type, given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        model(**given)


def test_margin_and_smallest_side_may_have_units_of_their_own() -> None:
    assert PatchConfiguration(margin_px=9, smallest_side_mm=9).in_mm == ("smallest_side_mm",)
    assert PatchConfiguration(margin_mm=2, smallest_side_px=40).in_mm == ("margin_mm",)


def test_a_donor_is_cut_as_the_receiver_but_for_what_is_given() -> None:
    own = PatchConfiguration(margin_mm=4.2, smallest_side_px=40, tissue="breast_mask")

    in_px = DonorCutting(margin_px=60, smallest_side_mm=9.0).applied_to(own)

    assert in_px == PatchConfiguration(
        margin_px=60, smallest_side_mm=9.0, smallest_side_px=128, tissue="breast_mask"
    )
    assert DonorCutting(margin_mm=3.0).applied_to(own) == own.model_copy(update={"margin_mm": 3.0})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"donor_cuttings": {"centre-c": {"margin_px": 9}}},
            "donor_cuttings has 'centre-c', but no arm adds real patches of it; the donors of the "
            "arms are centre-b",
        ),
        (
            {"arms": ARMS[:1], "donor_cuttings": {"centre-b": {"margin_px": 9}}},
            "the donors of the arms are none",
        ),
        ({"donor_cuttings": {"centre-b": {}}}, "nothing is cut otherwise; give a margin or"),
        ({"donor_cuttings": {"centre-b": {"tissue": "breast_mask"}}}, "Extra inputs are not"),
        (
            {"task": "benign or malignant", "test_healthy_per_lesion": 2.5},
            "test_healthy_per_lesion is 2.5, but the task is benign or malignant, which has no",
        ),
        ({"test_healthy_per_lesion": 0.5}, "greater than or equal to 1"),
    ],
)
def test_what_a_study_cannot_do_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        study(**given)


def test_a_study_says_how_each_donor_is_cut() -> None:
    arms = (*ARMS, {"name": "Real C", "real_donors": ("centre-c",)})
    made = study(arms=arms, donor_cuttings={"centre-c": {"margin_px": 9}})

    assert made.donors == ("centre-b", "centre-c")
    assert made.donor_patches("centre-b") == made.patches
    assert made.donor_patches("centre-c") == PatchConfiguration(margin_px=9)
    assert StudyConfiguration.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize(
    ("given", "cut"),
    [
        ({}, {"margin_px": 60, "smallest_side_px": 128}),
        ({"margin_mm": 4.2}, {"margin_mm": 4.2, "smallest_side_px": 128}),
        (
            {"margin_px": 0, "smallest_side_mm": 9.0, "tissue": "breast_mask"},
            {"margin_px": 0, "smallest_side_mm": 9.0},
        ),
    ],
)
def test_a_cutting_has_each_length_in_the_unit_that_counts(
    given: dict[str, Any], cut: dict[str, Any]
) -> None:
    assert PatchConfiguration.model_validate(given).cutting.model_dump() == cut
