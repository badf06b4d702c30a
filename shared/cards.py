"""The model card: what a receiver must know of a generator before using it."""

import math
from typing import Annotated, Literal, Self

from pydantic import FailFast, Field, field_validator, model_validator

from shared.architectures import Architecture
from shared.cuttings import Cutting
from shared.fidelity import FidelityReport
from shared.models import LARGEST_COUNT, LARGEST_SEED, StrictModel
from shared.names import Digest, FileName, LesionKind, Text
from shared.terms import CentreTerms, UseLimits

SMALLEST_COUNT = 5
MOST_WEIGHT_FILES = 512

Count = Annotated[int, Field(ge=SMALLEST_COUNT, le=LARGEST_COUNT)]
"""A number of patients or patches; a smaller one could point at a person."""

ROUNDED = "Rounded down to a multiple of 5, from 100 to one of 10; exact on cards of before."

Loss = Literal["dcgan", "wgan-gp", "relativistic"]
"""What the two networks of a training play for."""


class WeightFile(StrictModel):
    """One safetensors file of the package."""

    name: FileName
    size_bytes: int = Field(gt=0, le=LARGEST_COUNT)
    sha256: Digest
    epoch: int | None = Field(
        None, gt=0, le=LARGEST_COUNT, description="After which they were kept."
    )
    share: float | None = Field(None, gt=0, le=1, description="Of the patches to draw from it.")


class TrainingSet(StrictModel):
    """The patches that the generator was trained on, as rounded counts."""

    data_set: Text
    lesion_kinds: tuple[LesionKind, ...] = Field(min_length=1, max_length=3)
    patients: Count | None = Field(description=f"{ROUNDED} None: not known.")
    patches: Count | None = Field(description=f"{ROUNDED} None: not known.")
    pixel_spacing_mm: float | None = Field(None, gt=0, description="Before resizing.")
    cutting: Cutting | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="How much tissue was cut with each lesion; None, not written: not known.",
    )


class Training(StrictModel):
    """How the generator was trained. None says that something is not known."""

    loss: Loss
    epochs: int | None = Field(gt=0, le=LARGEST_COUNT)
    batch_size: int | None = Field(gt=0, le=LARGEST_COUNT)
    seed: int | None = Field(
        None,
        ge=-LARGEST_SEED,
        le=LARGEST_SEED,
        exclude_if=lambda given: given is None,
        description="Of the training's noise; on cards of before only, for it lets a receiver "
        "replay the training.",
    )
    genshare_version: Text | None = Field(description="None: not trained with genshare.")
    averaged: bool | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="Whether the weights are a moving average; None, not written: not known.",
    )
    augmented: bool | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="Whether the discriminator saw augmented patches; None, not written: not "
        "known.",
    )


class PrivacyPromise(StrictModel):
    """Differential privacy of patients, in numbers.

    Whatever is computed from the weights happens with a probability that changes by a factor of
    at most exp(epsilon), plus delta, if all patches of any one patient had not been there.
    The number of patients, and whoever chose the settings by looking, are outside of it.

    Attributes:
        noise_multiplier: Standard deviation of the noise in clips.
        clip: Largest norm of what one patient adds to a step.
        sampling_rate: Probability that a patient was in a step.
        steps: Of the discriminator, those that an interruption lost included.
    """

    epsilon: float = Field(gt=0)
    delta: float = Field(gt=0, lt=1)
    unit: Literal["patient"] = "patient"
    noise_multiplier: float = Field(gt=0)
    clip: float = Field(gt=0)
    sampling_rate: float = Field(gt=0, le=1)
    steps: int = Field(ge=1, le=LARGEST_COUNT)
    accountant: Literal["PRV"] = "PRV"

    @property
    def statement(self) -> str:
        """The promise in a sentence."""
        return (
            f"Differential privacy of each patient with epsilon {self.epsilon:.4g} and delta "
            f"{self.delta:.4g}: nobody learns much more of a patient from the weights than "
            "without that patient's patches, and epsilon says how much."
        )


class Privacy(StrictModel):
    """What protects the training patients beyond sharing weights instead of images."""

    method: Literal["none", "differential privacy"] = "none"
    statement: Text = (
        "No formal privacy guarantee: the weights may reveal something of the training patches."
    )
    promise: PrivacyPromise | None = Field(
        None,
        exclude_if=lambda promise: promise is None,
        description="Of differential privacy, in numbers; not written where there is none.",
    )

    @model_validator(mode="after")
    def _method_has_its_numbers(self) -> Self:
        if (self.method == "none") != (self.promise is None):
            raise ValueError("differential privacy needs its promise, and no other method has one")
        return self

    @classmethod
    def of(cls, promise: PrivacyPromise | None) -> Self:
        """Return what a card says of a promise, or of none."""
        if promise is None:
            return cls()
        return cls(method="differential privacy", statement=promise.statement, promise=promise)


class Origin(StrictModel):
    """Where a generator that genshare did not train was published before."""

    catalogue: Literal["medigan"]
    model_id: Text
    version: Text | None = None
    publication: Text | None = None
    dois: tuple[Text, ...] = Field((), max_length=20)


class ModelCard(CentreTerms):
    """Everything said about one version of a generator.

    Its weight files' digests are on the card, so a card alone tells whether a file is the
    one that it speaks of. Several files are an ensemble: patches are drawn evenly from them, or
    by the shares that all of them carry and that add up to 1.
    """

    schema_version: Literal[1] = 1
    architecture: Architecture
    weights: Annotated[tuple[WeightFile, ...], FailFast()] = Field(
        min_length=1, max_length=MOST_WEIGHT_FILES
    )
    pixel_range: tuple[float, float] = Field(
        (-1.0, 1.0), description="The generator's values that are black and white."
    )
    training_set: TrainingSet
    training: Training
    fidelity: FidelityReport | None = Field(
        None,
        description="How close samples are to the training patches, rounded; None: not told.",
    )
    privacy: Privacy = Privacy()
    origin: Origin | None = Field(
        None,
        exclude_if=lambda origin: origin is None,
        description="None, which is not written: trained by the centre with genshare.",
    )

    use: UseLimits | None = Field(
        None,
        exclude_if=lambda use: use is None,
        description="Limits of its use that hub and receiver see to; None, which is not written: "
        "none but what the terms say.",
    )

    @field_validator("pixel_range")
    @classmethod
    def _black_is_below_white(cls, pixel_range: tuple[float, float]) -> tuple[float, float]:
        if not -1 <= pixel_range[0] < pixel_range[1] <= 1:
            raise ValueError("pixel_range must rise, and stay within -1 to 1")
        return pixel_range

    @field_validator("weights")
    @classmethod
    def _shares_are_whole(cls, weights: tuple[WeightFile, ...]) -> tuple[WeightFile, ...]:
        shares = [file.share for file in weights if file.share is not None]
        if shares and (len(shares) < len(weights) or not math.isclose(sum(shares), 1)):
            raise ValueError("every weight file must have a share, adding up to 1, or none")
        return weights
