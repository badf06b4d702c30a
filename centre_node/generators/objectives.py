"""What each network is trained for: from patches and a discriminator to two losses.

An objective knows networks and tensors only: no optimiser, no device, no loop. What else is
particular to a loss stands under the same name in `LOSSES` of node_api/losses.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from centre_node.generators.conditions import ConditionedScorer
from centre_node.generators.draws import StepDraws
from centre_node.generators.losses import (
    class_aware_loss,
    critic_generator_loss,
    critic_loss,
    discriminator_loss,
    generator_loss,
    relativistic_loss,
)
from centre_node.generators.penalties import Scorer, gradient_penalty, zero_centred_penalty
from node_api.generator_training import GeneratorTraining


class Judgement(NamedTuple):
    """What a discriminator's step found.

    Attributes:
        loss: What the discriminator minimises, a scalar.
        overfitting: How surely it tells these real patches from fake ones, -1 to 1, a scalar.
    """

    loss: Tensor
    overfitting: Tensor


class Objective(Protocol):
    """The losses of both networks."""

    def judged(
        self, discriminator: Scorer, real: Tensor, fake: Tensor, draws: StepDraws, /
    ) -> Judgement:
        """Return the discriminator's loss on real and fake patches, (batch, 1, side, side)."""

    def for_generator(self, discriminator: Scorer, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the generator's loss, a scalar."""


@dataclass(frozen=True)
class DcganObjective:
    """Binary cross-entropy.

    Args:
        together: Whether real and fake patches are scored in one pass. BatchNorm forbids it: it
            would mix their statistics.
        wrong_class_weight: See `class_aware_loss`; above 0, the discriminator is a
            `ConditionedScorer`.

    Source: paper section 2.3.1; the measure of overfitting is r_t of Karras et al. 2020.
    """

    together: bool
    wrong_class_weight: float = 0.0

    def judged(
        self, discriminator: Scorer, real: Tensor, fake: Tensor, draws: StepDraws, /
    ) -> Judgement:
        """Return the discriminator's loss on real and fake patches, (batch, 1, side, side)."""
        real_scores, fake_scores = scores(discriminator, real, fake, together=self.together)
        if self.wrong_class_weight and isinstance(discriminator, ConditionedScorer):
            wrong_scores = discriminator.told_another_class()(real).float()
            loss = class_aware_loss(
                real_scores, fake_scores, wrong_scores, draws.labels, self.wrong_class_weight
            )
        else:
            loss = discriminator_loss(real_scores, fake_scores, draws.labels)
        return Judgement(loss, real_scores.detach().sign().mean())

    def for_generator(self, discriminator: Scorer, _real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the generator's loss, a scalar."""
        return generator_loss(discriminator(fake).float())


@dataclass(frozen=True)
class WassersteinObjective:
    """Wasserstein distance with a gradient penalty.

    Args:
        penalty_weight: Lambda, a scalar that the training may change.
        together: Whether real and fake patches are scored in one pass. The points of the penalty
            never are: the gradient at them would be computed for the others too.

    Source: paper section 2.3.2, equation 2.
    """

    penalty_weight: Tensor
    together: bool = True

    def judged(self, critic: Scorer, real: Tensor, fake: Tensor, draws: StepDraws, /) -> Judgement:
        """Return the critic's loss on real and fake patches, (batch, 1, side, side)."""
        real_scores, fake_scores = scores(critic, real, fake, together=self.together)
        penalty = gradient_penalty(critic, real, fake, epsilon=draws.mixing)
        loss = critic_loss(real_scores, fake_scores) + self.penalty_weight * penalty
        return Judgement(loss, _outscored(real_scores, fake_scores))

    def for_generator(self, critic: Scorer, _real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the generator's loss, a scalar."""
        return critic_generator_loss(critic(fake).float())


@dataclass(frozen=True)
class RelativisticObjective:
    """Relativistic pairing with R1 and R2, each weighted by gamma / 2.

    The scores and the penalties come from the same pass, which is therefore in float32 even
    where the rest of the training is in bfloat16.

    Args:
        penalty_weight: Gamma, a scalar that the training may change.
        together: Whether real and fake patches are scored in one pass.

    Source: Huang et al. 2024 (arXiv 2501.05441), section 2.
    """

    penalty_weight: Tensor
    together: bool = True

    def judged(
        self, discriminator: Scorer, real: Tensor, fake: Tensor, _draws: StepDraws, /
    ) -> Judgement:
        """Return the discriminator's loss on real and fake patches, (batch, 1, side, side)."""
        if self.together:
            both, penalty = zero_centred_penalty(discriminator, torch.cat([real, fake]))
            real_scores, fake_scores = both.chunk(2)
            penalty = 2 * penalty  # its mean is over twice the batch
        else:
            real_scores, on_real = zero_centred_penalty(discriminator, real)
            fake_scores, on_fake = zero_centred_penalty(discriminator, fake)
            penalty = on_real + on_fake
        loss = relativistic_loss(real_scores, fake_scores) + self.penalty_weight / 2 * penalty
        return Judgement(loss, _outscored(real_scores, fake_scores))

    def for_generator(self, discriminator: Scorer, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the generator's loss, a scalar."""
        with torch.no_grad():
            real_scores = discriminator(real).float()
        return relativistic_loss(discriminator(fake).float(), real_scores)


OBJECTIVES: Mapping[str, Callable[[GeneratorTraining, Tensor, bool], Objective]] = {
    "dcgan": lambda training, _penalty_weight, together: DcganObjective(
        together, training.wrong_class_weight
    ),
    "wgan-gp": lambda _training, *parts: WassersteinObjective(*parts),
    "relativistic": lambda _training, *parts: RelativisticObjective(*parts),
}
"""By the loss's name; takes the training, a penalty's weight and whether patches are scored
together."""


def scores(
    discriminator: Scorer, real: Tensor, fake: Tensor, *, together: bool
) -> tuple[Tensor, Tensor]:
    """Return the float32 scores of real and of fake patches, each of shape (batch,)."""
    if together:
        real_scores, fake_scores = discriminator(torch.cat([real, fake])).float().chunk(2)
        return real_scores, fake_scores
    return discriminator(real).float(), discriminator(fake).float()


def _outscored(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Return the mean sign of the pairs' differences, for scores that have no zero of their own."""
    return (real_scores - fake_scores).detach().sign().mean()
