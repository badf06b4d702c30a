from typing import Any

import pytest
from pydantic import ValidationError

from node_api.classifier_training import RECIPE_DEFAULTS, ClassifierTraining


def test_the_defaults_are_the_papers_numbers() -> None:
    training = ClassifierTraining()

    assert (training.recipe, training.epochs, training.batch_size) == ("paper", 100, 12)
    assert (training.learning_rate, training.momentum) == (0.001, 0.9)
    assert (training.augmentation, training.precision) == ("flips", "float32")
    assert training.initial_weights is None
    assert training.swin_side_px == 224


def test_steps_stand_instead_of_epochs_and_never_beside_them() -> None:
    training = ClassifierTraining.model_validate({"steps": 500})

    assert (training.epochs, training.steps) == (None, 500)
    assert ClassifierTraining.model_validate_json(training.model_dump_json()) == training
    for both_or_none, told in (({"steps": 5, "epochs": 1}, "both"), ({"epochs": None}, "neither")):
        with pytest.raises(ValidationError, match=f"give one of them, not {told}"):
            ClassifierTraining.model_validate(both_or_none)


def test_the_improved_recipe_brings_its_own_defaults_and_each_can_be_changed() -> None:
    training = ClassifierTraining(recipe="improved", weight_decay=0.1)

    assert training.model_dump(include=set(RECIPE_DEFAULTS["improved"])) == {
        **RECIPE_DEFAULTS["improved"],
        "weight_decay": 0.1,
    }


@pytest.mark.parametrize("recipe", ["paper", "improved"])
def test_a_written_configuration_reads_back_the_same(recipe: str) -> None:
    training = ClassifierTraining.model_validate({"recipe": recipe, "epochs": 7})

    assert ClassifierTraining.model_validate_json(training.model_dump_json()) == training


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"epochs": 15}, "15 epochs"), ({"epochs": 1}, "1 epoch"), ({"steps": 500}, "500 steps")],
)
def test_its_length_is_told_in_what_it_is_given_in(fields: dict[str, int], words: str) -> None:
    assert ClassifierTraining.model_validate(fields).length == words


def test_the_control_arm_augments_under_the_papers_descent() -> None:
    training = ClassifierTraining(augmentation="classical")

    assert (training.recipe, training.momentum) == ("paper", 0.9)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"weight_decay": 0.1}, "weight_decay is of the recipe improved alone"),
        ({"warm_up_share": 0.1}, "warm_up_share is of the recipe improved alone"),
        ({"momentum": None}, "the recipe paper needs momentum"),
        ({"recipe": "improved", "momentum": 0.9}, "with the recipe improved leave it empty"),
        ({"recipe": "improved", "weight_decay": None}, "the recipe improved needs weight_decay"),
    ],
)
def test_a_field_of_the_other_recipe_is_refused_in_one_sentence(
    fields: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        ClassifierTraining.model_validate(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"optimizer": "sgd"},
        {"recipe": "better"},
        {"augmentation": "mixup"},
        {"initial_weights": "weights.safetensors"},
        {"batch_size": 1},
        {"epochs": 0},
        {"swin_side_px": 0},
        {"swin_side_px": 48},
        {"swin_side_px": 256},
    ],
)
def test_what_it_does_not_know_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ClassifierTraining.model_validate(fields)


def test_every_field_says_what_it_is() -> None:
    for name, field in ClassifierTraining.model_fields.items():
        assert field.description, name
