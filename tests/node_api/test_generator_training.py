import json
from typing import Any

import pytest
from pydantic import ValidationError

from node_api.generator_training import GeneratorTraining, check_classes
from shared.architectures import DcganArchitecture
from tests.centre_node.generators.tiny import LOSSES


def test_the_papers_recipe_is_its_dcgan() -> None:
    training = GeneratorTraining(recipe="paper")

    assert (training.loss, training.epochs, training.batch_size) == ("dcgan", 3000, 16)
    assert (training.learning_rate, training.betas) == (2e-4, (0.5, 0.999))
    assert training.real_labels == (0.8, 1.1)
    assert (training.keep_weights_from_epoch, training.keep_weights_every_epochs) == (500, 50)
    assert training.critic_steps == 1
    assert training.augmentation is None
    assert training.average_half_life_images is None
    assert training.learning_rate_end is None


@pytest.mark.parametrize("loss", LOSSES)
def test_by_default_patches_are_augmented_rates_fall_and_weights_are_averaged(loss: str) -> None:
    training = GeneratorTraining.model_validate({"loss": loss})

    assert training.recipe == "improved"
    assert training.augmentation is not None
    assert training.learning_rate_end is not None
    assert training.learning_rate_end < training.learning_rate
    assert training.average_half_life_images is not None


def test_a_rate_falls_from_what_it_was_set_to() -> None:
    training = GeneratorTraining(learning_rate=1e-5)
    kept = GeneratorTraining(learning_rate=1e-5, learning_rate_end=None)

    assert training.learning_rate_end == pytest.approx(1e-6)
    assert kept.learning_rate_end is None


def test_a_penalty_falls_from_what_it_was_set_to() -> None:
    training = GeneratorTraining(loss="relativistic", penalty_weight=0.1)
    kept = GeneratorTraining(loss="relativistic", penalty_weight_end=None)

    assert training.penalty_weight_end == pytest.approx(0.01)
    assert kept.penalty_weight_end is None


def test_but_for_that_the_improved_dcgan_is_the_papers() -> None:
    improved, paper = (
        GeneratorTraining.model_validate({"recipe": r}) for r in ("improved", "paper")
    )

    ours = {
        "recipe",
        "augmentation",
        "learning_rate_end",
        "average_half_life_images",
        "on_collapse",
        "precision",
    }
    assert improved.model_dump(exclude=ours) == paper.model_dump(exclude=ours)


def test_the_wgan_gp_has_the_papers_numbers() -> None:
    training = GeneratorTraining(recipe="paper", loss="wgan-gp")

    assert (training.critic_steps, training.penalty_weight) == (5, 10.0)
    assert (training.learning_rate, training.betas) == (1e-4, (0.5, 0.9))
    assert training.batch_size == 16
    assert training.keep_weights_from_epoch is None


def test_the_relativistic_training_has_the_numbers_of_r3gan() -> None:
    training = GeneratorTraining(loss="relativistic")

    assert (training.learning_rate, training.learning_rate_end) == (2e-4, 5e-5)
    assert (training.penalty_weight, training.penalty_weight_end) == (2.0, 0.2)
    assert training.average_half_life_images == 10_000


@pytest.mark.parametrize("loss", LOSSES)
def test_a_configuration_read_back_is_the_same(loss: str) -> None:
    training = GeneratorTraining.model_validate({"loss": loss, "seed": 3})

    assert GeneratorTraining.model_validate_json(training.model_dump_json()) == training


def test_a_document_from_before_there_were_losses_is_the_dcgans() -> None:
    document = {"epochs": 60, "precision": "bfloat16", "checkpoint_every_epochs": 10, "seed": 1}

    training = GeneratorTraining.model_validate_json(json.dumps(document))

    assert training.loss == "dcgan"
    assert training.learning_rate == 2e-4


def test_what_is_said_wins_over_the_losss_default() -> None:
    training = GeneratorTraining(loss="wgan-gp", epochs=7, critic_steps=3)

    assert (training.epochs, training.critic_steps) == (7, 3)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"loss": "wgan-gp", "real_labels": [0.8, 1.1]}, "real_labels is of the loss dcgan alone"),
        ({"loss": "dcgan", "real_labels": None}, "the loss dcgan needs real_labels"),
        ({"penalty_weight": 10}, "penalty_weight is of the loss wgan-gp or relativistic alone"),
        ({"loss": "wgan-gp", "penalty_weight": None}, "the loss wgan-gp needs penalty_weight"),
        ({"penalty_weight_end": 1}, "penalty_weight_end needs a penalty, and dcgan has none"),
        ({"critic_steps": 5}, "critic_steps above 1 belong to the loss wgan-gp, not to dcgan"),
        ({"loss": "wgan-gp", "wrong_class_weight": 0.5}, "wrong_class_weight belongs to the loss"),
        ({"recipe": "paper", "loss": "relativistic"}, "the paper has no relativistic loss"),
        ({"recipe": "best"}, "'paper', 'improved' or 'private'"),
        ({"loss": "hinge"}, "'dcgan', 'wgan-gp' or 'relativistic'"),
        ({"critic_step": 5}, "Extra inputs"),
        ({"augmentation": {"kinds": []}}, "at least 1"),
        ({"augmentation": {"probability": 0.9}}, "above largest_probability"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(
    document: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason) as refused:
        GeneratorTraining.model_validate(document)

    assert refused.value.error_count() == 1


@pytest.mark.parametrize("field", [{"seed": 2**64}, {"betas": (5, 7)}, {"betas": (0.5, 1.0)}])
def test_what_the_optimiser_or_the_random_numbers_cannot_take_is_refused(
    field: dict[str, object],
) -> None:
    with pytest.raises(ValidationError):
        GeneratorTraining.model_validate(field)


def test_the_private_recipe_has_defaults_of_its_own() -> None:
    training = GeneratorTraining.model_validate({"recipe": "private", "privacy": {"epsilon": 10}})

    assert (training.critic_steps, training.augmentation) == (1, None)
    assert training.privacy is not None
    assert training.privacy.steps_per_epoch == 10
    assert "privacy" not in GeneratorTraining().model_dump()  # digests of earlier trainings stay


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "the recipe private needs privacy, with epsilon or noise_multiplier"),
        ({"privacy": {}}, "either epsilon or noise_multiplier, not neither"),
        ({"privacy": {"epsilon": 3, "noise_multiplier": 1}}, "noise_multiplier, not both"),
        (
            {"recipe": "improved", "privacy": {"epsilon": 3}},
            "privacy belongs to the recipe private, not to improved",
        ),
        (
            {"privacy": {"epsilon": 3}, "augmentation": {}},
            "the recipe private takes no augmentation; leave it out",
        ),
        (
            {"privacy": {"epsilon": 3}, "on_collapse": "stop"},
            "the recipe private needs on_collapse warn, not stop",
        ),
        (
            {"privacy": {"epsilon": 3}, "precision": "bfloat16"},
            "the recipe private needs precision float32, not bfloat16",
        ),
    ],
)
def test_what_breaks_the_promise_is_refused_in_a_sentence(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        GeneratorTraining.model_validate({"recipe": "private", **changes})


def test_a_weight_of_wrong_classes_needs_classes() -> None:
    training = GeneratorTraining(wrong_class_weight=0.5)

    check_classes(training, DcganArchitecture(classes=("benign", "malignant")))
    check_classes(GeneratorTraining(), DcganArchitecture())
    with pytest.raises(ValueError, match="needs a generator of classes"):
        check_classes(training, DcganArchitecture())


def test_a_training_without_the_weight_is_the_text_that_it_always_was() -> None:
    assert "wrong_class_weight" not in GeneratorTraining().model_dump()
