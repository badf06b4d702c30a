"""The losses that a generator can be trained with: what is particular to each, as a table.

A new loss is a name in `Loss` of shared/cards.py, its traits here, its objective in `OBJECTIVES` of
centre_node/generators/objectives.py and its formulas in centre_node/generators/losses.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.cards import Loss


@dataclass(frozen=True, slots=True)
class LossTraits:
    """What is particular to a loss.

    Attributes:
        published_as: Its name in the literature.
        is_the_papers: Whether it can be trained in the recipe `paper`.
        architecture: The networks of a `train-generator` that does not say which.
        fields: Those of OWNED_FIELDS that it needs; it refuses the others.
        defaults: What a field is by default where it is not the field's own.
        improved: The same, in the improved recipe, where it is not what that recipe says.
        rate_divisor: What the improved recipe divides the learning rate by in the end.
        penalty_divisor: What the penalty's weight is divided by in the end; None keeps it.
        has_critic: Whether the discriminator may take several steps for each of the generator,
            which then has patches of its own.
        between: Whether it looks at points between real and fake patches.
        discriminator_passes: How many passes of a batch through the discriminator a step keeps in
            memory. Where the gradient itself is derived again, these are real patches, fake ones
            and the points of the gradient, and as many maps of the way back as points.
    """

    published_as: str
    is_the_papers: bool
    architecture: Literal["dcgan", "residual"] = "dcgan"
    fields: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    improved: Mapping[str, Any] = field(default_factory=dict)
    rate_divisor: float = 10
    penalty_divisor: float | None = None
    has_critic: bool = False
    between: bool = False
    discriminator_passes: int = 2


DEFAULT_LOSS: Loss = "dcgan"

LOSSES: Mapping[str, LossTraits] = {
    "dcgan": LossTraits(published_as="DCGAN", is_the_papers=True, fields=("real_labels",)),
    "wgan-gp": LossTraits(
        published_as="WGAN-GP",
        is_the_papers=True,
        fields=("penalty_weight",),
        defaults={
            "epochs": 2700,
            "critic_steps": 5,
            "learning_rate": 1e-4,
            "betas": (0.5, 0.9),
            "real_labels": None,
            "penalty_weight": 10.0,
            "keep_weights_from_epoch": None,
        },
        has_critic=True,
        between=True,
        discriminator_passes=5,
    ),
    "relativistic": LossTraits(
        published_as="R3GAN",
        is_the_papers=False,
        architecture="residual",
        fields=("penalty_weight",),
        defaults={
            "epochs": 1000,
            "batch_size": 32,
            "betas": (0.0, 0.99),
            "real_labels": None,
            "penalty_weight": 2.0,
            "keep_weights_from_epoch": None,
        },
        improved={"average_half_life_images": 10_000},
        rate_divisor=4,
        penalty_divisor=10,
        discriminator_passes=5,
    ),
}
"""By name, in the order of `Loss`."""

OWNED_FIELDS = ("real_labels", "penalty_weight")
"""Fields of a training that belong to some losses: those need them, every other refuses them."""


def losses_with(field_name: str) -> str:
    """Name the losses that need a field, for a message."""
    return _in_words([name for name, traits in LOSSES.items() if field_name in traits.fields])


def losses_with_critic() -> str:
    """Name the losses whose discriminator may take several steps, for a message."""
    return _in_words([name for name, traits in LOSSES.items() if traits.has_critic])


def losses_of_the_paper() -> str:
    """Name the losses that the paper has, for a help text."""
    return " and ".join(name for name, traits in LOSSES.items() if traits.is_the_papers)


def later_losses() -> str:
    """Name the other losses, for a help text."""
    return " and ".join(name for name, traits in LOSSES.items() if not traits.is_the_papers)


def _in_words(names: list[str]) -> str:
    return " or ".join(names)
