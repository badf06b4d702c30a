"""How a classifier is trained. Light: no tensor library is imported."""

from typing import Literal

from pydantic import Field

from shared.models import StrictModel

ClassifierName = Literal["cnn"]


class ClassifierTraining(StrictModel):
    """Stochastic gradient descent; the weights with the best validation AUPRC are kept.

    Source: paper section 2.4.1; the batch is that of its published code.
    """

    epochs: int = Field(100, ge=1)
    batch_size: int = Field(12, ge=2)
    learning_rate: float = Field(0.001, gt=0)
    momentum: float = Field(0.9, ge=0, lt=1)
