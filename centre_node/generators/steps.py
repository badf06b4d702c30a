"""One step of a training: the discriminator's update and, when it is due, the generator's."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from centre_node.generators.conditions import ConditionedScorer
from centre_node.generators.construction import mixes_samples
from centre_node.generators.draws import StepDraws, real_batch
from centre_node.generators.objectives import OBJECTIVES, Objective
from centre_node.generators.penalties import Scorer
from centre_node.generators.state import TrainingState
from node_api.generator_training import GeneratorTraining
from node_api.losses import LOSSES

REAL, FAKE, GENERATORS_FAKE = range(3)


@dataclass(frozen=True)
class TrainingStep:
    """Updates a state. Nothing in it waits for the device.

    Attributes:
        generator: The state's, or what computes the same.
        shares_fakes: Whether the generator's step uses the patches of the discriminator's step;
            else each step has patches of its own.
        patches: All real patches, uint8, shape (n, side, side), on the device.
        classes: A row of 0 and a single 1 for each real patch, shape (n, classes), on the device;
            None where there are no classes. A step's fake patches are of the classes of its real
            ones.
        half: Whether to compute the networks in bfloat16; weights, losses and gradient penalties
            stay in float32.

    Source: paper sections 2.3.1 and 2.3.2; Radford et al. 2015.
    """

    state: TrainingState
    generator: Callable[[Tensor], Tensor]
    objective: Objective
    shares_fakes: bool
    patches: Tensor
    half: bool
    classes: Tensor | None = None

    def __call__(self, draws: StepDraws, *, with_generator: bool) -> Tensor:
        """Update the discriminator once and then, `with_generator`, the generator.

        Returns:
            The discriminator's and the generator's loss, shape (2,), still on the device; 0 for a
            generator that had no update.
        """
        real = self._view(real_batch(self.patches, draws.order, draws.flips), draws, REAL)
        fake = self._fakes(draws)
        on_discriminator = self._update_discriminator(real, fake.detach(), draws)
        if with_generator:
            on_generator = self._update_generator(real, fake, draws)
        else:
            on_generator = torch.zeros_like(on_discriminator)
        return torch.stack([on_discriminator, on_generator])

    def _fakes(self, draws: StepDraws) -> Tensor:
        """Return the discriminator's fake patches, (batch, 1, side, side)."""
        with torch.set_grad_enabled(self.shares_fakes), self._precision():
            return self.generator(self._inputs(draws.latents, draws))

    def _update_discriminator(self, real: Tensor, fake: Tensor, draws: StepDraws) -> Tensor:
        fake = self._view(fake, draws, FAKE)
        with self._precision():
            judgement = self.objective.judged(self._scorer(draws), real, fake, draws)
        _descend(self.state.discriminator_optimiser, judgement.loss)
        if self.state.augmenter is not None:
            self.state.augmenter.observe(judgement.overfitting, images=len(real))
        return judgement.loss.detach()

    def _update_generator(self, real: Tensor, fake: Tensor, draws: StepDraws) -> Tensor:
        state = self.state
        state.discriminator.requires_grad_(False)  # its weights' gradients would go unused
        # A context of its own: autocast keeps the casts of weights, and the weights have moved.
        with self._precision():
            if not self.shares_fakes:
                fake = self.generator(self._inputs(draws.generator_latents, draws))
            fake = self._view(fake, draws, GENERATORS_FAKE)
            loss = self.objective.for_generator(self._scorer(draws), real, fake)
        _descend(state.generator_optimiser, loss)
        state.discriminator.requires_grad_(True)
        if state.average is not None:
            state.average.update(state.generator, patches=len(real))
        return loss.detach()

    def _inputs(self, latents: Tensor, draws: StepDraws) -> Tensor:
        """Return what the generator takes, shape (batch, input_size)."""
        if self.classes is None:
            return latents
        return torch.cat([latents, self.classes[draws.order]], dim=1)

    def _scorer(self, draws: StepDraws) -> Scorer:
        """Return the discriminator, told the classes of the step's patches where there are any."""
        if self.classes is None:
            return self.state.discriminator
        return ConditionedScorer(self.state.discriminator, self.classes[draws.order])

    def _view(self, patches: Tensor, draws: StepDraws, view: int) -> Tensor:
        """Return what the discriminator sees of patches."""
        if self.state.augmenter is None:
            return patches
        return self.state.augmenter(patches, draws.augmentation[view])

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.patches.device.type, torch.bfloat16, enabled=self.half)


def training_step(
    state: TrainingState,
    training: GeneratorTraining,
    patches: Tensor,
    classes: Tensor | None = None,
) -> TrainingStep:
    """Return the step of a training on patches, uint8, shape (n, side, side), on the device.

    Args:
        classes: A row of 0 and a single 1 for each patch, shape (n, classes), on the device.
    """
    return TrainingStep(
        state=state,
        generator=state.generator,
        objective=OBJECTIVES[training.loss](
            training, state.penalty_weight, not mixes_samples(state.discriminator)
        ),
        shares_fakes=not LOSSES[training.loss].has_critic,
        patches=patches,
        half=training.precision == "bfloat16",
        classes=classes,
    )


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
