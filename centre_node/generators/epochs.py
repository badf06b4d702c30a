"""One epoch of a training: what the loop asks for, and how it goes without a privacy budget."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from centre_node.generators.checkpoints import TrainingRun
from centre_node.generators.draws import draw_epoch
from centre_node.generators.graphs import Step
from centre_node.generators.state import TrainingState


class EpochTotals(NamedTuple):
    """What an epoch did.

    Attributes:
        losses: Sums of the discriminator's and the generator's, shape (2,), on the device.
        steps: How many are in each sum.
        patches: Real patches shown.
    """

    losses: Tensor
    steps: tuple[int, int]
    patches: float


class OneEpoch(Protocol):
    """Updates a training's state by one epoch."""

    def __call__(self) -> EpochTotals:
        """Run the epoch that comes next."""


@dataclass(frozen=True)
class OrdinaryEpoch:
    """An epoch in which the discriminator sees every patch once, in whole batches."""

    run: TrainingRun
    state: TrainingState
    step: Step

    def __call__(self) -> EpochTotals:
        """Run the epoch that comes next."""
        state, training = self.state, self.run.training
        device = state.penalty_weight.device
        draws = draw_epoch(
            self.run.patches,
            training,
            latent_size=self.run.architecture.latent_size,
            random=state.random,
        ).to(device)
        first = state.epoch * len(draws)  # steps of all epochs before
        total = torch.zeros(2, device=device)
        for index in range(len(draws)):
            with_generator = (first + index + 1) % training.critic_steps == 0
            total += self.step(draws[index], with_generator=with_generator)
        updates = (first + len(draws)) // training.critic_steps - first // training.critic_steps
        return EpochTotals(total, (len(draws), updates), draws.steps.order.numel())
