"""What is known of losses stands in two tables; a loss is in both or in neither."""

from contextlib import nullcontext
from typing import get_args

import pytest
from pydantic import ValidationError

from centre_node.generators.objectives import OBJECTIVES
from node_api.generator_training import GeneratorTraining
from node_api.losses import LOSSES, OWNED_FIELDS, later_losses, losses_of_the_paper
from shared.cards import Loss

NAMES = get_args(Loss)


def test_every_loss_has_its_traits_and_its_objective() -> None:
    assert tuple(LOSSES) == tuple(OBJECTIVES) == NAMES


def test_losses_are_named_in_words() -> None:
    assert losses_of_the_paper() == "dcgan and wgan-gp"
    assert later_losses() == "relativistic"


@pytest.mark.parametrize("name", NAMES)
def test_traits_speak_of_fields_that_a_training_has(name: str) -> None:
    traits = LOSSES[name]

    assert {*traits.defaults, *traits.improved} <= set(GeneratorTraining.model_fields)
    assert set(traits.fields) <= set(OWNED_FIELDS)


@pytest.mark.parametrize("name", NAMES)
def test_only_a_critic_may_take_several_steps(name: str) -> None:
    refused = pytest.raises(ValidationError, match="critic_steps above 1 belong to the loss wgan")

    with nullcontext() if LOSSES[name].has_critic else refused:
        GeneratorTraining.model_validate({"loss": name, "critic_steps": 3})
