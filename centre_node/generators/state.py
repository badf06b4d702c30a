"""Everything that changes while a DCGAN trains, and one step of its training."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from centre_node.generators.configuration import GeneratorTraining
from centre_node.generators.losses import discriminator_loss, generator_loss
from centre_node.generators.networks import DcganDiscriminator, DcganGenerator, initialised
from shared.architectures import DcganArchitecture

INITIAL_WEIGHTS, TRAINING_DRAWS, SAMPLE_GRID = range(3)


@dataclass
class DcganState:
    """Networks, optimisers, the random stream, and the losses of the epochs so far."""

    generator: DcganGenerator
    discriminator: DcganDiscriminator
    generator_optimiser: torch.optim.Optimizer
    discriminator_optimiser: torch.optim.Optimizer
    random: torch.Generator
    losses: list[tuple[float, float]] = field(default_factory=list)

    @property
    def epoch(self) -> int:
        """The number of finished epochs."""
        return len(self.losses)

    def is_finite(self) -> bool:
        """Tell whether no weight or running statistic is NaN or infinite."""
        tensors = [*self.generator.state_dict().values(), *self.discriminator.state_dict().values()]
        return all(bool(tensor.isfinite().all()) for tensor in tensors)

    def state_dict(self) -> dict[str, Any]:
        """Return all of it as tensors, numbers, strings and containers of these."""
        return {
            **{name: part.state_dict() for name, part in self._parts().items()},
            "random": self.random.get_state(),
            "losses": self.losses,
        }

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Put back what `state_dict` returned."""
        for name, part in self._parts().items():
            part.load_state_dict(saved[name])
        self.random.set_state(saved["random"])
        self.losses = list(saved["losses"])

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "generator_optimiser": self.generator_optimiser,
            "discriminator_optimiser": self.discriminator_optimiser,
        }


def random_stream(seed: int, stream: int) -> torch.Generator:
    """Return one of a seed's independent random streams, on the CPU."""
    (word,) = np.random.SeedSequence((seed, stream)).generate_state(1, np.uint32)
    return torch.Generator().manual_seed(int(word))


def new_state(
    architecture: DcganArchitecture, training: GeneratorTraining, device: torch.device
) -> DcganState:
    """Return the state before the first epoch; the seed determines all of it."""
    random = random_stream(training.seed, INITIAL_WEIGHTS)
    generator = initialised(DcganGenerator, architecture, random).to(device)
    discriminator = initialised(DcganDiscriminator, architecture, random).to(device)
    return DcganState(
        generator=generator,
        discriminator=discriminator,
        generator_optimiser=_adam(generator.parameters(), training),
        discriminator_optimiser=_adam(discriminator.parameters(), training),
        random=random_stream(training.seed, TRAINING_DRAWS),
    )


def _adam(parameters: Iterable[nn.Parameter], training: GeneratorTraining) -> torch.optim.Adam:
    return torch.optim.Adam(parameters, lr=training.learning_rate, betas=training.betas, fused=True)


def training_step(
    state: DcganState, real: Tensor, latents: Tensor, labels: Tensor, *, half: bool
) -> Tensor:
    """Update the discriminator, then the generator, once each on the same generated patches.

    Args:
        real: Patches in [-1, 1], shape (batch, 1, side, side).
        latents: Shape (batch, latent_size).
        labels: Of the real patches, shape (batch,).
        half: Whether to compute the networks in bfloat16; weights and losses stay float32.

    Returns:
        The discriminator's and the generator's loss, shape (2,), still on the device.

    Source: paper section 2.3.1; Radford et al. 2015.
    """
    with torch.autocast(real.device.type, torch.bfloat16, enabled=half):
        fake = state.generator(latents)  # (batch, 1, side, side)
        real_scores = state.discriminator(real)
        fake_scores = state.discriminator(fake.detach())
    on_discriminator = discriminator_loss(real_scores.float(), fake_scores.float(), labels)
    _descend(state.discriminator_optimiser, on_discriminator)

    state.discriminator.requires_grad_(False)  # its weights' gradients would go unused
    # A context of its own: autocast keeps the casts of weights, and the weights have moved.
    with torch.autocast(real.device.type, torch.bfloat16, enabled=half):
        fake_scores = state.discriminator(fake)
    on_generator = generator_loss(fake_scores.float())
    _descend(state.generator_optimiser, on_generator)
    state.discriminator.requires_grad_(True)
    return torch.stack([on_discriminator.detach(), on_generator.detach()])


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
