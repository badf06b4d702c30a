"""How a generator is trained. Light: no tensor library is imported."""

from typing import Literal

from pydantic import Field

from shared.models import StrictModel


class GeneratorTraining(StrictModel):
    """The DCGAN's training.

    Source: paper section 2.3.1; Adam and the betas are those of its published code.
    """

    epochs: int = Field(3000, ge=1)
    batch_size: int = Field(16, ge=2)
    learning_rate: float = Field(2e-4, gt=0)
    betas: tuple[float, float] = (0.5, 0.999)
    real_labels: tuple[float, float] = Field(
        (0.8, 1.1),
        description="One-sided smoothing: range that a real patch's label is drawn from.",
    )
    checkpoint_every_epochs: int = Field(50, ge=1)
    keep_weights_from_epoch: int | None = Field(
        500, ge=1, description="First epoch whose weights are kept; None keeps the last only."
    )
    keep_weights_every_epochs: int = Field(50, ge=1)
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: int = Field(0, ge=0)
