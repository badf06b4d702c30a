"""What a training promises the patients whose patches it sees: how much, and by what means."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from shared.models import StrictModel

LEAST_NOISE = 0.5
"""Less of it has an epsilon in the hundreds after a hundred steps, which promises nothing."""

LARGEST_EPSILON = 1000


class PatientPrivacy(StrictModel):
    """Differential privacy of patients, by noise on what the discriminator learns of them.

    Neighbouring data sets differ by all patches of one patient. Exactly one of `epsilon` and
    `noise_multiplier` is given; the other follows from it, the sampling rate and the number of
    the discriminator's steps.

    Source: Abadi et al. 2016 (arXiv 1607.00133); McMahan et al. 2018 (arXiv 1710.06963) for
    persons as the unit.
    """

    epsilon: float | None = Field(
        None, gt=0, le=LARGEST_EPSILON, description="What may be spent at most."
    )
    noise_multiplier: float | None = Field(
        None,
        ge=LEAST_NOISE,
        le=1e4,
        description="Standard deviation of the noise in clips.",
    )
    delta: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Probability that epsilon does not hold; None is patients to the power -1.1, "
        "rounded down to one digit.",
    )
    clip: float = Field(
        1.0, gt=0, le=1e6, description="Largest norm of what one patient adds to a step."
    )
    sampling_rate: float = Field(
        0.1, gt=0, le=1, description="Probability that a patient is in a step."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.epsilon is None) == (self.noise_multiplier is None):
            given = "neither" if self.epsilon is None else "both"
            raise ValueError(
                f"privacy takes either epsilon or noise_multiplier, not {given}; the other follows"
            )
        return self

    @property
    def steps_per_epoch(self) -> int:
        """Steps after which a patient was seen once on average; known without the patients."""
        return max(1, round(1 / self.sampling_rate))


PRIVATE_DEFAULTS: Mapping[str, Any] = {
    "epochs": 40,
    "batch_size": 64,
    "critic_steps": 1,
    "learning_rate": 2e-3,
    "real_labels": (1.0, 1.0),
    "average_half_life_images": 2_000,
    "checkpoint_every_epochs": 10,
    "keep_weights_from_epoch": None,
}
"""What a field is by default in the private recipe: tried on 625 patients with 32 px and width 4.

Deviation: Bie et al. take tens of discriminator's steps for each of the generator, out of 450,000.
The budget of hundreds of patients allows hundreds, of which the generator needs each.
"""

PRIVATE_ONLY: Mapping[str, Any] = {
    "loss": "dcgan",
    "augmentation": None,
    "on_collapse": "warn",
    "precision": "float32",
    "compile": False,
    "cuda_graphs": False,
}
"""What a field has to be in the private recipe: each other value would look at patients' patches
without counting it, or was not shown to compute the gradients of single patients."""
