"""What each arm adds."""

from typing import Any

import pytest
from pydantic import ValidationError

from centre_node.study.arms import Addition, addition, facts_of
from node_api.studies import Arm, StudyConfiguration

B, C = "b" * 64, "c" * 64
DONORS = {"centre-b": 7, "centre-c": 500}


def _added(**fields: Any) -> Addition:
    return addition(Arm(name="arm", **fields), synthetic_patches=25, donor_lesions=DONORS)


def test_the_plain_arm_adds_nothing() -> None:
    added = _added()

    assert (added.lesions, added.healthy, added.own_lesions) == (0, 0, True)


def test_synthetic_lesions_come_with_as_many_healthy_patches() -> None:
    added = _added(generators=(B,))

    assert (added.synthetic, added.healthy) == ({B: 25}, 25)


def test_two_generators_share_the_patches_and_the_first_takes_the_odd_one() -> None:
    assert _added(generators=(C, B)).synthetic == {C: 13, B: 12}


def test_generators_are_drawn_from_in_the_proportions_that_are_given() -> None:
    thirds = _added(generators=(C, B), proportions=(2.0, 1.0))
    tenths = _added(generators=(C, B), proportions=(0.9, 0.1))

    assert thirds.synthetic == {C: 17, B: 8}
    assert tenths.synthetic == {C: 23, B: 2}  # of 22.5 and 2.5 the first takes the odd one
    assert thirds.healthy == 25


def test_each_generator_has_a_proportion_or_none_has() -> None:
    with pytest.raises(ValidationError, match="proportions has 1 numbers for 2 generators"):
        Arm(name="arm", generators=(B, C), proportions=(1.0,))


def test_the_healthy_control_adds_the_healthy_patches_alone() -> None:
    added = _added(extra_healthy=True)

    assert (added.lesions, added.healthy) == (0, 25)


def test_the_matched_control_differs_from_a_synthetic_arm_in_the_source_of_lesions_only() -> None:
    control, synthetic = _added(oversampled=True), _added(generators=(B,))

    assert control.repeated == 25
    assert (control.lesions, control.healthy) == (synthetic.lesions, synthetic.healthy)


def test_a_donor_gives_as_many_lesions_as_a_generator_would_or_what_it_has() -> None:
    assert _added(real_donors=("centre-c",)).donated == {"centre-c": 25}
    assert _added(real_donors=("centre-b",)).donated == {"centre-b": 7}
    assert _added(real_donors=("centre-b",)).healthy == 7


def test_every_lesion_of_a_donor_is_an_option_as_in_the_paper() -> None:
    added = _added(real_donors=("centre-c",), every_donated=True)

    assert (added.donated, added.healthy) == ({"centre-c": 500}, 500)


@pytest.mark.parametrize("fields", [{"painted": "ellipse"}, {"own_generator": True}])
def test_what_the_centre_makes_for_itself_is_as_much_as_generators_would_add(
    fields: dict[str, Any],
) -> None:
    added = _added(**fields)

    assert (added.lesions, added.healthy, added.sham) == (25, 25, 0)


def test_healthy_patches_that_are_painted_on_are_those_that_come_with_the_lesions() -> None:
    added = _added(painted="own", sham_healthy=True)

    assert (added.painted, added.healthy, added.sham) == ({"own": 25}, 25, 25)


def test_an_own_generator_must_be_described_and_fit_the_study() -> None:
    arms = [{"name": "own", "own_generator": True}]
    own = {"architecture": {"image_size": 32, "width": 4}}

    assert StudyConfiguration.model_validate({"arms": arms, "image_size": 32, "own_generator": own})
    with pytest.raises(ValidationError, match="the arm 'own' needs own_generator"):
        StudyConfiguration.model_validate({"arms": arms, "image_size": 32})
    residuals = {"architecture": {"image_size": 32, "width": 4, "output": "residual"}}
    with pytest.raises(ValidationError, match="own_generator learns patches"):
        StudyConfiguration.model_validate(
            {"arms": arms, "image_size": 32, "own_generator": residuals}
        )
    with pytest.raises(ValidationError, match="patches of 32 px, but image_size is 64"):
        StudyConfiguration.model_validate({"arms": arms, "image_size": 64, "own_generator": own})


def test_synthetic_lesions_can_stand_alone() -> None:
    added = _added(generators=(B,), own_lesions=False)

    assert (added.own_lesions, added.lesions, added.healthy) == (False, 25, 25)


@pytest.mark.parametrize(
    ("fields", "role", "donors"),
    [
        ({}, "baseline", ()),
        ({"extra_healthy": True}, "healthy control", ()),
        ({"oversampled": True}, "matched control", ()),
        ({"augmentation": "classical"}, "augmentation control", ()),
        ({"augmentation": "painted"}, "augmentation control", ()),
        ({"painted": "own"}, "painted control", ()),
        ({"painted": "ellipse"}, "blob control", ()),
        ({"own_generator": True}, "own generator control", ()),
        ({"generators": (C, B)}, "synthetic", ("centre-b", "centre-c")),
        ({"generators": (B,), "own_lesions": False}, "synthetic only", ("centre-b",)),
        ({"real_donors": ("centre-c",)}, "real donor", ("centre-c",)),
    ],
)
def test_the_findings_know_an_arm_by_its_role_and_donors(
    fields: dict[str, Any], role: str, donors: tuple[str, ...]
) -> None:
    arm = Arm(name="arm", **fields)

    facts = facts_of(
        arm, _added(**fields), centres={B: "centre-b", C: "centre-c"}, augmentation="flips"
    )

    assert (facts.role, facts.donors) == (role, donors)
    assert facts.own_lesions == fields.get("own_lesions", True)
    assert facts.augmentation == fields.get("augmentation", "flips")


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"generators": (B,), "extra_healthy": True}, "one kind of patches, not generators and"),
        ({"real_donors": ("b",), "oversampled": True}, "not real_donors and oversampled"),
        ({"own_lesions": False}, "own_lesions = false needs generators or real_donors"),
        ({"generators": (B,), "every_donated": True}, "every_donated needs real_donors"),
        ({"painted": "own", "oversampled": True}, "not oversampled and painted"),
        ({"painted": "own", "own_generator": True}, "not painted and own_generator"),
        ({"generators": (B,), "sham_healthy": True}, "sham_healthy needs painted"),
        ({"generators": (B,), "painted": "own"}, "not generators and painted"),
        ({"painted": "generator"}, "needs generators of residuals"),
        ({"real_donors": ("b",), "painted": "generator"}, "needs generators of residuals"),
        (
            {"generators": (B,), "painted": "generator", "sham_healthy": True},
            "sham_healthy needs painted",
        ),
        (
            {"generators": (B,), "painted": "generator", "harmonised": True},
            "painted lesions have the own greys",
        ),
        ({"oversampled": True, "harmonised": True}, "harmonised needs generators or real_donors"),
        (
            {"real_donors": ("b",), "harmonised": "test"},
            "must be true, false or 'validation'",
        ),
        (
            {"real_donors": ("b",), "harmonised_by": "greys_and_bands"},
            "harmonised_by is 'greys_and_bands', but the arm is not harmonised",
        ),
        ({"real_donors": ("b",), "harmonised": True, "harmonised_by": "grain"}, "harmonised_by"),
    ],
)
def test_an_arm_that_makes_no_sense_is_refused(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Arm(name="arm", **fields)
