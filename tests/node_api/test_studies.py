"""What a study's configuration says of its runs."""

import pytest

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
    found = study(Arm(name="none"), REPEATED, twin).twin_arms

    assert found is not None
    assert found.startswith("the arms 'own lesions repeated' and 'twin' differ in their names alo")


def test_arms_that_differ_in_anything_else_are_no_twins() -> None:
    classical = Arm(name="classical", oversampled=True, augmentation="classical")

    assert study(Arm(name="none"), REPEATED, classical).twin_arms is None


def test_a_run_whose_look_validation_patients_choose_trains_two_classifiers() -> None:
    chosen = Arm(name="B", real_donors=("b",), harmonised="validation")
    always = Arm(name="B, harmonised", real_donors=("b",), harmonised=True)

    made = study(Arm(name="none"), always, chosen)

    assert (made.runs, made.trainings) == (18, 24)
