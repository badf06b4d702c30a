"""What each arm adds."""

from typing import Any

import pytest
from pydantic import ValidationError

from centre_node.study.arms import Addition, addition, facts_of
from node_api.studies import Arm

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
    ],
)
def test_an_arm_that_makes_no_sense_is_refused(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Arm(name="arm", **fields)
