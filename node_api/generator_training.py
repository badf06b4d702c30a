"""How a generator is trained."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from node_api.losses import (
    DEFAULT_LOSS,
    LOSSES,
    OWNED_FIELDS,
    later_losses,
    losses_of_the_paper,
    losses_with,
    losses_with_critic,
)
from node_api.patient_privacy import PRIVATE_DEFAULTS, PRIVATE_ONLY, PatientPrivacy
from shared.architectures import Architecture, DcganArchitecture
from shared.cards import Loss
from shared.models import LARGEST_COUNT, LARGEST_SEED, MOST_KINDS, StrictModel
from shared.names import Precision
from shared.plain_words import value_told

GeneratorRecipe = Literal["paper", "improved", "private"]
"""What the defaults of a generator's training depend on."""

Decay = Annotated[float, Field(ge=0, lt=1)]
AugmentationKind = Literal["brightness", "contrast", "translation", "cutout"]
EVERY_AUGMENTATION: tuple[AugmentationKind, ...] = (
    "brightness",
    "contrast",
    "translation",
    "cutout",
)


class Augmentation(StrictModel):
    """What the discriminator sees instead of the patches themselves, real and fake alike.

    Source: Zhao et al. 2020 (DiffAugment, arXiv 2006.10738); the adaptive probability and its
    target are those of Karras et al. 2020 (arXiv 2006.06676), section 3.
    """

    kinds: tuple[AugmentationKind, ...] = Field(
        EVERY_AUGMENTATION,
        min_length=1,
        max_length=MOST_KINDS,
        description="How patches are changed.",
    )
    probability: float = Field(0.0, ge=0, le=1, description="Of each kind, at the start.")
    largest_probability: float = Field(0.8, ge=0, le=1, description="It rises no further.")
    target: float | None = Field(
        0.6,
        gt=-1,
        lt=1,
        description="Overfitting, -1 to 1, that the probability is steered to; None keeps it.",
    )
    images_to_full: int = Field(
        20_000,
        ge=1,
        le=LARGEST_COUNT,
        description="Real patches shown while the probability could rise from 0 to 1.",
    )

    @model_validator(mode="after")
    def _starts_below_the_largest(self) -> Self:
        if self.probability > self.largest_probability:
            raise ValueError(
                f"probability {self.probability} is above largest_probability "
                f"{self.largest_probability}"
            )
        return self


IMPROVED_DEFAULTS: Mapping[str, Any] = {
    "on_collapse": "stop",
    "precision": "auto",
    "augmentation": Augmentation(),
    "average_half_life_images": 5_000,
}
"""What a field is by default in the improved recipe, where its loss has no other default."""

NOT_OF_THE_RESULT = ("on_collapse",)
"""Fields that may change between the starts of one training: no weight depends on them."""


class GeneratorTraining(StrictModel):
    """A generator's training; every default depends on the recipe and the loss.

    In the recipe `paper`, `dcgan` and `wgan-gp` train as in the paper. In `improved`, which is
    ours, the discriminator sees augmented patches, the rates fall, and what is exported is a
    moving average of the generator's weights. `relativistic` is the loss of R3GAN with its
    learning rates, betas and, for 64 px, penalties; its batch and epochs are ours, for hundreds
    of patches. These rates want tens of thousands of steps; for about a thousand, `dcgan` in the
    improved recipe drew better real masses. In `private` the discriminator learns of patients
    under differential privacy, as `privacy` says: it has no BatchNorm and may take several steps
    for each of the generator; `batch_size` is of synthetic patches, and an epoch is so many steps
    that each patient is seen once on average.

    Source: paper sections 2.3.1 and 2.3.2; Adam and its betas are those of its published code;
    2700 epochs are its WGAN-GP of all lesions (10,000 for masses). Huang et al. 2024
    (arXiv 2501.05441); Bie et al. 2023 (arXiv 2302.02936) for `private`; Reed et al. 2016 (arXiv
    1605.05396), section 4.1, for `wrong_class_weight`.
    """

    recipe: GeneratorRecipe = Field(
        "improved",
        description="Whether to train as the paper did, with our improvements, or with "
        "differential privacy of patients; what is not given otherwise depends on it.",
    )
    loss: Loss = Field(
        DEFAULT_LOSS,
        description=f"How the generator is taught: {losses_of_the_paper()} as in the paper, "
        f"{later_losses()} as in later work.",
    )
    epochs: int = Field(
        3000,
        ge=1,
        le=LARGEST_COUNT,
        description="How often the training sees every patch; how often by default depends on the "
        "loss.",
    )
    batch_size: int = Field(
        16,
        ge=2,
        le=LARGEST_COUNT,
        description="Patches that are looked at together; how many by default depends on the loss.",
    )
    critic_steps: int = Field(
        1, ge=1, le=100, description="Of the discriminator for each of the generator."
    )
    learning_rate: float = Field(2e-4, gt=0, description="Of both networks, at the start.")
    learning_rate_end: float | None = Field(
        None, gt=0, description="Reached along a cosine in the last epoch; None keeps the rate."
    )
    betas: tuple[Decay, Decay] = Field((0.5, 0.999), description="Of the optimiser Adam.")
    real_labels: tuple[float, float] | None = Field(
        (0.8, 1.1),
        description="One-sided smoothing: range that a real patch's label is drawn from.",
    )
    penalty_weight: float | None = Field(
        None, ge=0, description="Lambda of wgan-gp; gamma of relativistic, which halves it."
    )
    penalty_weight_end: float | None = Field(
        None, ge=0, description="Reached along a cosine in the last epoch; None keeps the weight."
    )
    wrong_class_weight: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of real patches under the name of another class in what the "
        "discriminator learns to refuse; the rest is fake ones. For the loss dcgan, where the "
        "architecture has classes: without it, short trainings hardly tell them apart.",
        exclude_if=lambda weight: weight == 0,
    )
    augmentation: Augmentation | None = None
    average_half_life_images: int | None = Field(
        None,
        ge=1,
        le=LARGEST_COUNT,
        description="Of the generator's moving average, which is then what is exported.",
    )
    checkpoint_every_epochs: int = Field(
        50, ge=1, le=LARGEST_COUNT, description="What an interrupted training goes on from."
    )
    keep_weights_from_epoch: int | None = Field(
        500,
        ge=1,
        le=LARGEST_COUNT,
        description="First epoch whose weights are kept; None keeps the last only.",
    )
    keep_weights_every_epochs: int = Field(
        50, ge=1, le=LARGEST_COUNT, description="From the first of them on."
    )
    collapse_share: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="Samples that differ by less than this share of the real patches' distance "
        "from each other count as collapsed.",
    )
    on_collapse: Literal["warn", "stop"] = Field(
        "warn",
        description="stop ends a training whose samples were diverse before; "
        "genshare train-generator resumes it with warn, a job starts anew.",
    )
    precision: Precision = Field(
        "float32", description="auto is bfloat16 where the device computes in it, else float32."
    )
    compile: bool = Field(
        False, description="Compile networks and losses; the numbers differ by rounding."
    )
    cuda_graphs: bool = Field(False, description="On CUDA: replay each step as one graph.")
    seed: int | None = Field(
        None,
        ge=0,
        le=LARGEST_SEED,
        description="The same number gives the same training, to whoever knows it; by default one "
        "from the operating system, which stays in the training's folder. What private draws of "
        "patients comes from no seed.",
    )
    privacy: PatientPrivacy | None = Field(
        None,
        exclude_if=lambda privacy: privacy is None,
        description="What the recipe private promises; no other recipe has it.",
    )

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_recipe_and_loss(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        traits = LOSSES.get(str(value.get("loss", DEFAULT_LOSS)))
        if traits is None:
            return value  # and the field says which losses there are
        if value.get("recipe") == "private":
            return {**PRIVATE_DEFAULTS, **value}
        filled = {**traits.defaults, **value}
        if traits.penalty_divisor is not None and _is_number(filled["penalty_weight"]):
            end = filled["penalty_weight"] / traits.penalty_divisor
            filled.setdefault("penalty_weight_end", end)
        if value.get("recipe", "improved") != "improved":
            return filled
        rate = filled.get("learning_rate", cls.model_fields["learning_rate"].default)
        falls = {"learning_rate_end": rate / traits.rate_divisor} if _is_number(rate) else {}
        return {**IMPROVED_DEFAULTS, **traits.improved, **falls, **filled}

    @model_validator(mode="after")
    def _fields_fit_the_loss(self) -> Self:
        traits = LOSSES[self.loss]
        if self.recipe == "paper" and not traits.is_the_papers:
            raise ValueError(f"the paper has no {self.loss} loss; its recipe is improved")
        for name in OWNED_FIELDS:
            given = getattr(self, name)
            if given is None and name in traits.fields:
                raise ValueError(f"the loss {self.loss} needs {name}")
            if given is not None and name not in traits.fields:
                raise ValueError(
                    f"{name} is of the loss {losses_with(name)} alone: with the loss {self.loss} "
                    f"leave it empty, where {value_told(given)} was given"
                )
        if self.penalty_weight is None and self.penalty_weight_end is not None:
            raise ValueError(f"penalty_weight_end needs a penalty, and {self.loss} has none")
        if self.wrong_class_weight and (self.loss != "dcgan" or self.recipe == "private"):
            raise ValueError(
                "wrong_class_weight belongs to the loss dcgan without differential privacy, but "
                f"the loss is {self.loss} and the recipe {self.recipe}"
            )
        if self.critic_steps > 1 and not traits.has_critic and self.recipe != "private":
            raise ValueError(
                f"critic_steps above 1 belong to the loss {losses_with_critic()}, not to "
                f"{self.loss}"
            )
        return self

    @model_validator(mode="after")
    def _privacy_fits_the_recipe(self) -> Self:
        if self.recipe != "private":
            if self.privacy is not None:
                raise ValueError(f"privacy belongs to the recipe private, not to {self.recipe}")
            return self
        if self.privacy is None:
            raise ValueError("the recipe private needs privacy, with epsilon or noise_multiplier")
        for name, only in PRIVATE_ONLY.items():
            if (given := getattr(self, name)) != only:
                if only is None:
                    raise ValueError(f"the recipe private takes no {name}; leave it out")
                raise ValueError(
                    f"the recipe private needs {name} {value_told(only)}, not {value_told(given)}"
                )
        return self

    @property
    def drawn_seed(self) -> int:
        """The seed of a training that has begun: it was given, or drawn then."""
        assert self.seed is not None, "a training draws a seed before it does anything"
        return self.seed


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def check_classes(training: GeneratorTraining, architecture: Architecture) -> None:
    """Check that the training asks for nothing that the architecture's classes do not allow.

    Raises:
        ValueError: There are no classes to refuse a patch of the wrong one of, or a network for
            each, which no compiled or captured step can hold.
    """
    if training.wrong_class_weight and not architecture.classes:
        raise ValueError(
            f"wrong_class_weight {training.wrong_class_weight} needs a generator of classes; give "
            'its architecture classes = ["benign", "malignant"], or leave it out'
        )
    whole_graphs = [name for name in ("compile", "cuda_graphs") if getattr(training, name)]
    has_networks = isinstance(architecture, DcganArchitecture) and (
        architecture.class_networks == "one_each"
    )
    if whole_graphs and has_networks:
        raise ValueError(
            f"{' and '.join(whole_graphs)} needs the same steps for every batch, but with "
            'class_networks = "one_each" they depend on its classes; leave it out'
        )


def is_kept(epoch: int, training: GeneratorTraining) -> bool:
    """Tell whether the weights after an epoch are kept under its number.

    Those of the last epoch are not: they are the final weights, which every training leaves.
    """
    first = training.keep_weights_from_epoch
    if first is None or not first <= epoch < training.epochs:
        return False
    return (epoch - first) % training.keep_weights_every_epochs == 0


def kept_epochs(training: GeneratorTraining) -> int:
    """Count the weight files that a whole training leaves beside the final one."""
    first = training.keep_weights_from_epoch
    if first is None:
        return 0
    return len(range(first, training.epochs, training.keep_weights_every_epochs))
