"""What a study's configuration says of its runs."""

import pytest
from pydantic import ValidationError

from node_api.studies import Arm, StudyConfiguration

REPEATED = Arm(name="own lesions repeated", oversampled=True)


def study(*arms: Arm) -> StudyConfiguration:
    return StudyConfiguration(
        arms=arms, classifiers=("cnn", "swin"), train_fractions=(1.0,), seeds=(0, 1, 2)
    )


@pytest.mark.parametrize(
    "twin",
    [
        REPEATED.model_copy(update={"name": "twin"}),
        Arm(name="twin", oversampled=True, augmentation="flips"),  # as every arm of the study is
    ],
)
def test_arms_that_differ_in_their_names_alone_are_named(twin: Arm) -> None:
    found = study(Arm(name="none"), REPEATED, twin).repeated

    assert found is not None
    assert found.startswith("the arms 'own lesions repeated' and 'twin' differ in their names alo")


def test_a_study_without_arms_says_what_to_add_and_the_own_patches_alone_are_allowed() -> None:
    with pytest.raises(ValidationError, match=r"add an arm .* \{ name = \"none\" \}, and one that"):
        study()

    assert study(Arm(name="none")).runs == 6


def test_proportions_that_say_nothing_make_no_other_arm() -> None:
    one, other = "ab" * 32, "cd" * 32
    alone = (
        Arm(name="B", generators=(one,)),
        Arm(name="chosen", generators=(one,), proportions=(1,)),
    )
    equal = (
        Arm(name="both", generators=(one, other)),
        Arm(name="in halves", generators=(one, other), proportions=(2, 2)),
    )
    unequal = Arm(name="two to one", generators=(one, other), proportions=(2, 1))

    assert "'B' and 'chosen'" in (study(Arm(name="none"), *alone).repeated or "")
    assert "'both' and 'in halves'" in (study(Arm(name="none"), *equal).repeated or "")
    assert study(Arm(name="none"), equal[0], unequal).repeated is None


def test_a_source_that_an_arm_names_twice_is_told() -> None:
    twice = Arm(name="Real B", real_donors=("b", "a", "b"))

    found = study(Arm(name="none"), twice).repeated

    assert found is not None
    assert found.startswith("the arm 'Real B' names 'b' twice")


def test_a_side_that_no_classifier_can_halve_often_enough_is_refused_by_its_name() -> None:
    with pytest.raises(ValidationError, match=r"image_size\n.*multiple of 16"):
        StudyConfiguration(image_size=24, arms=(Arm(name="none"),))


def test_arms_that_differ_in_anything_else_are_no_twins() -> None:
    classical = Arm(name="classical", oversampled=True, augmentation="classical")

    assert study(Arm(name="none"), REPEATED, classical).repeated is None


def test_a_run_whose_look_validation_patients_choose_trains_two_classifiers() -> None:
    chosen = Arm(name="B", real_donors=("b",), harmonised="validation")
    always = Arm(name="B, harmonised", real_donors=("b",), harmonised=True)

    made = study(Arm(name="none"), always, chosen)

    assert (made.runs, made.trainings) == (18, 24)
