"""How a classifier is trained."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from shared.counts import counted
from shared.models import LARGEST_COUNT, StrictModel
from shared.names import Digest, Precision, TrainingRecipe
from shared.plain_words import value_told

ClassifierName = Literal["cnn", "swin"]

SWIN_SIDE_PX = 224
"""The side of the paper's Swin."""

PAPERS_EPOCHS = 100

RECIPE_DEFAULTS: Mapping[TrainingRecipe, Mapping[str, Any]] = {
    "paper": {},  # the fields' own defaults
    "improved": {
        "learning_rate": 3e-4,
        "momentum": None,
        "weight_decay": 0.05,
        "warm_up_share": 0.05,
        "average_half_life_patches": 5_000,
        "augmentation": "classical",
    },
}
"""What a field is by default where another recipe than the paper's is asked for."""


class ClassifierTraining(StrictModel):
    """A classifier's training; every default depends on the recipe.

    `paper` is stochastic gradient descent at a constant rate on flipped patches. `improved` is
    ours: AdamW, a rate that warms up and then falls along a cosine, classical augmentation, and a
    moving average of the weights, which is then what is evaluated and kept. With either, the
    weights with the best validation AUPRC are kept: of those after each epoch, or, of a training in
    steps, at twenty points on its way.

    Source: paper section 2.4.1; the batch is that of its published code. The decay, the warm-up
    and the cosine are those of Swin's own training, Liu et al. 2021 (arXiv 2103.14030), for
    batches a hundred times smaller.
    """

    recipe: TrainingRecipe = Field(
        "paper", description="What the other fields' defaults depend on."
    )
    epochs: int | None = Field(
        PAPERS_EPOCHS,
        ge=1,
        le=LARGEST_COUNT,
        description="Passes over the patches; None where steps are given.",
    )
    steps: int | None = Field(
        None,
        ge=1,
        le=LARGEST_COUNT,
        description="Steps of batch_size patches instead of epochs, so that every arm takes as "
        "many, whatever it adds.",
        exclude_if=lambda steps: steps is None,
    )
    batch_size: int = Field(12, ge=2, le=LARGEST_COUNT, description="Patches in a step.")
    learning_rate: float = Field(
        0.001, gt=0, description="Constant in the paper's recipe, the highest in the improved one."
    )
    momentum: float | None = Field(
        0.9, ge=0, lt=1, description="Of the paper's gradient descent; None elsewhere."
    )
    weight_decay: float | None = Field(
        None, ge=0, description="Of AdamW, on matrices and kernels; None in the paper's recipe."
    )
    warm_up_share: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="Share of the training in which the rate rises from 0, before it falls along a "
        "cosine; None in the paper's recipe.",
    )
    average_half_life_patches: int | None = Field(
        None,
        ge=1,
        le=LARGEST_COUNT,
        description="Of the weights' moving average, in patches trained on; None in the paper's "
        "recipe.",
    )
    augmentation: Literal["flips", "classical"] = Field(
        "flips",
        description="classical adds quarter turns, small zooms and shifts, and changes of gamma, "
        "contrast and brightness.",
    )
    initial_weights: Digest | None = Field(
        None, description="SHA-256 of the safetensors file to start from; None starts at random."
    )
    precision: Precision = Field(
        "float32",
        description="What training steps compute in; weights and predictions are float32. auto is "
        "bfloat16 where the device computes in it.",
    )
    swin_side_px: int = Field(
        SWIN_SIDE_PX,
        ge=32,
        le=SWIN_SIDE_PX,
        multiple_of=32,
        description="Side that Swin works at: patches are resized to it. A smaller one than the "
        "paper's is for trials where there is no GPU; the CNN works at the patches' own.",
    )

    @property
    def length(self) -> str:
        """How long it is, in words: "15 epochs" or "500 steps"."""
        if self.steps is not None:
            return counted(self.steps, "step")
        assert self.epochs is not None, "one of them is given"
        return counted(self.epochs, "epoch")

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_recipe(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        for recipe, defaults in RECIPE_DEFAULTS.items():
            if value.get("recipe") == recipe:
                return {**defaults, **value}
        return value

    @model_validator(mode="before")
    @classmethod
    def _steps_leave_no_epochs(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("steps") is not None:
            return {"epochs": None, **value}
        return value

    @model_validator(mode="after")
    def _epochs_or_steps(self) -> Self:
        if (self.epochs is None) == (self.steps is None):
            given = "neither" if self.epochs is None else "both"
            raise ValueError(
                "a training is as long as its epochs or its steps say; give one of them, "
                f"not {given}"
            )
        return self

    @model_validator(mode="after")
    def _fields_fit_the_recipe(self) -> Self:
        for name, owner in RECIPE_FIELDS.items():
            given = getattr(self, name)
            if given is None and self.recipe == owner:
                raise ValueError(f"the recipe {owner} needs {name}")
            if given is not None and self.recipe != owner:
                raise ValueError(
                    f"{name} is of the recipe {owner} alone: with the recipe {self.recipe} leave "
                    f"it empty, where {value_told(given)} was given"
                )
        return self


RECIPE_FIELDS: Mapping[str, TrainingRecipe] = {
    "momentum": "paper",
    "weight_decay": "improved",
    "warm_up_share": "improved",
    "average_half_life_patches": "improved",
}
"""The recipe that needs a field; the other refuses it."""
