import pytest
from pydantic import ValidationError

from centre_node.study.arms import addition, largest_healthy_addition
from centre_node.study.configuration import Arm, StudyConfiguration

B, C = "b" * 64, "c" * 64


def test_no_addition_for_the_plain_arm() -> None:
    added = addition(Arm(name="none"), synthetic_patches=1200)

    assert (added.n_synthetic, added.healthy) == (0, 0)


def test_one_donor_gives_every_synthetic_patch_and_healthy_ones_keep_the_balance() -> None:
    added = addition(Arm(name="B", generators=(B,)), synthetic_patches=1200)

    assert added.synthetic == {B: 1200}
    assert added.healthy == 1200


def test_two_donors_give_half_each() -> None:
    added = addition(Arm(name="B + C", generators=(B, C)), synthetic_patches=1201)

    assert added.synthetic == {B: 601, C: 600}


def test_the_control_adds_healthy_patches_alone() -> None:
    control = Arm(name="extra healthy only", extra_healthy=True)

    assert addition(control, synthetic_patches=1200).healthy == 1200
    assert addition(control, synthetic_patches=1200).n_synthetic == 0
    arms = (Arm(name="none"), control)
    assert largest_healthy_addition(arms, synthetic_patches=1200) == 1200


def test_contradictions_are_refused() -> None:
    with pytest.raises(ValidationError, match="drop extra_healthy"):
        Arm(name="B", generators=(B,), extra_healthy=True)
    with pytest.raises(ValidationError, match="every arm must be named once"):
        StudyConfiguration(arms=(Arm(name="x"), Arm(name="x")))
    with pytest.raises(ValidationError, match="add up to 1"):
        StudyConfiguration(arms=(Arm(name="x"),), split_shares=(0.7, 0.2, 0.2))
