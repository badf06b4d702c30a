"""An epoch under differential privacy of patients.

What may be seen of patients is what leaves `hidden`, and all that is computed from it: the
discriminator's and the generator's weights, samples, and losses on synthetic patches. Nothing else
looks at a real patch. The random numbers that decide which patients are in a step, how their
patches are mirrored and how they are hidden are secret and never kept (`secret_draws`). Everything
else, such as latents, comes from the seed; it is drawn in a number that depends on no patient, and
BatchNorm of the generator sees synthetic patches in that number only.

Source: Bie et al. 2023 (arXiv 2302.02936): a DCGAN without BatchNorm in the discriminator, which
may take many steps for each of the generator.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from centre_node.generators.checkpoints import TrainingRun
from centre_node.generators.draws import real_batch
from centre_node.generators.epochs import EpochTotals
from centre_node.generators.losses import generator_loss
from centre_node.generators.patient_gradients import (
    check_separable,
    clipped_sum,
    hidden,
    patient_gradients,
)
from centre_node.generators.secret_draws import secret_sample, secret_uniform
from centre_node.generators.spent_steps import Budget
from centre_node.generators.state import TrainingState
from node_api.patient_privacy import PatientPrivacy


@dataclass(frozen=True)
class PatientPatches:
    """Real patches and whose they are.

    Attributes:
        pixels: uint8, shape (n, side, side), on the device.
        owners: Each patch's patient, numbers from 0 without a gap, shape (n,).
    """

    pixels: Tensor
    owners: NDArray[np.int64]

    @property
    def patients(self) -> int:
        """Count the patients."""
        return int(self.owners.max()) + 1

    def sampled(self, rate: float) -> tuple[Tensor, Tensor]:
        """Draw patients in secret, each with probability `rate`.

        Returns:
            Their patches, mirrored at random, float32, (n, 1, side, side), and whose each is,
            numbers from 0 without a gap, (n,).
        """
        chosen = np.flatnonzero(np.isin(self.owners, secret_sample(self.patients, rate)))
        flips = (secret_uniform(2 * len(chosen)) < 0.5).reshape(-1, 2)
        _, owners = np.unique(self.owners[chosen], return_inverse=True)
        device = self.pixels.device
        order, mirrored = (torch.from_numpy(array).to(device) for array in (chosen, flips))
        return real_batch(self.pixels, order, mirrored), torch.from_numpy(owners).to(device)


@dataclass(frozen=True)
class PrivateEpoch:
    """An epoch of so many steps that a patient is seen once on average.

    Raises:
        PrivacyError: The discriminator mixes patients.
    """

    run: TrainingRun
    state: TrainingState
    privacy: PatientPrivacy
    patches: PatientPatches
    budget: Budget

    def __post_init__(self) -> None:
        check_separable(self.state.discriminator)

    def __call__(self) -> EpochTotals:
        """Charge the epoch that comes next, then run it."""
        state, steps, every = self.state, self.privacy.steps_per_epoch, self._critic_steps
        self.budget.charge_epoch()
        first = state.epoch * steps  # steps of all epochs before
        total = torch.zeros(2, device=self.patches.pixels.device)
        for step in range(first, first + steps):
            self._teach_discriminator()
            if (step + 1) % every == 0:
                total += self._teach_generator()
        updates = (first + steps) // every - first // every
        shown = len(self.patches.pixels) * self.privacy.sampling_rate * steps
        return EpochTotals(total, (updates, updates), shown)

    @property
    def _critic_steps(self) -> int:
        return self.run.training.critic_steps

    def _teach_discriminator(self) -> None:
        with torch.no_grad():
            fake = self._fakes()
        real, owners = self.patches.sampled(self.privacy.sampling_rate)
        discriminator, clip = self.state.discriminator, self.privacy.clip
        if len(real):
            partners = fake[torch.arange(len(real), device=fake.device) % len(fake)]
            labels = self._labels(len(real))
            summed = clipped_sum(
                patient_gradients(discriminator, real, partners, labels, owners), clip
            )
        else:
            count = sum(weight.numel() for weight in discriminator.parameters())
            summed = torch.zeros(count, dtype=torch.float64, device=fake.device)
        self._descend(
            hidden(
                summed,
                clip=clip,
                noise_multiplier=self.budget.noise_multiplier,
                expected=self.patches.patients * self.privacy.sampling_rate,
            )
        )

    def _descend(self, gradient: Tensor) -> None:
        """Step along a gradient of all parameters in their order, shape (parameters,)."""
        weights = list(self.state.discriminator.parameters())
        parts = gradient.float().split([weight.numel() for weight in weights])
        for weight, part in zip(weights, parts, strict=True):
            weight.grad = part.view_as(weight).contiguous()
        self.state.discriminator_optimiser.step()

    def _teach_generator(self) -> Tensor:
        """Update the generator; return both losses on synthetic patches, shape (2,)."""
        state = self.state
        state.discriminator.requires_grad_(False)  # its weights' gradients would go unused
        scores = state.discriminator(self._fakes())
        loss = generator_loss(scores)
        state.generator_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        state.generator_optimiser.step()
        state.discriminator.requires_grad_(True)
        if state.average is not None:
            state.average.update(state.generator, patches=len(scores))
        scores = scores.detach()
        on_fake = binary_cross_entropy_with_logits(scores, torch.zeros_like(scores))
        return torch.stack([on_fake, loss.detach()])

    def _fakes(self) -> Tensor:
        """Return as many synthetic patches as a batch has, (batch, 1, side, side)."""
        size = (self.run.training.batch_size, self.run.architecture.latent_size)
        latents = torch.randn(size, generator=self.state.random)
        fakes: Tensor = self.state.generator(latents.to(self.patches.pixels.device))
        return fakes

    def _labels(self, count: int) -> Tensor:
        """Return what real patches' probabilities should be, shape (count,)."""
        assert self.run.training.real_labels is not None, "the loss has them"
        low, high = self.run.training.real_labels
        drawn = low + (high - low) * secret_uniform(count)
        return torch.from_numpy(drawn).float().to(self.patches.pixels.device)
