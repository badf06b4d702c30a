"""Everything that changes while a generator trains."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from centre_node.averages import MovingAverage
from centre_node.generators.augmenter import Augmenter
from centre_node.generators.construction import new_discriminator, new_generator
from node_api.generator_training import GeneratorTraining
from shared.architectures import Architecture

INITIAL_WEIGHTS, TRAINING_DRAWS, SAMPLE_GRID, COMPARED_PATCHES, EPOCH_SAMPLES = range(5)
_TWISTER_AT, _TWISTER_WORDS = 24, 624


class _Part(Protocol):
    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, saved: dict[str, Any], /) -> object: ...


@dataclass
class TrainingState:
    """Networks, optimisers, what follows them, the random stream, and the losses so far.

    Attributes:
        average: Of the generator's weights, where the training keeps one.
        augmenter: Where the training augments.
        penalty_weight: The discriminator's, in the current epoch, a scalar on the device.
        losses: Of each finished epoch, the discriminator's and the generator's; None where there
            was no step that tells it, both None for an epoch that a private training spent and an
            interruption lost.
        diversity: The largest that any check found, as a share of the real patches' own.
    """

    generator: nn.Module
    discriminator: nn.Module
    generator_optimiser: torch.optim.Optimizer
    discriminator_optimiser: torch.optim.Optimizer
    average: MovingAverage | None
    augmenter: Augmenter | None
    penalty_weight: Tensor
    random: torch.Generator
    losses: list[tuple[float | None, float | None]] = field(default_factory=list)
    diversity: float = 0.0

    @property
    def epoch(self) -> int:
        """The number of finished epochs."""
        return len(self.losses)

    @property
    def exported(self) -> nn.Module:
        """The generator that is sampled from and may leave: the average, where there is one."""
        return self.generator if self.average is None else self.average.network

    def is_finite(self) -> bool:
        """Tell whether no weight or running statistic is NaN or infinite."""
        networks = (self.generator, self.discriminator, self.exported)
        tensors = [tensor for network in networks for tensor in network.state_dict().values()]
        return all(bool(tensor.isfinite().all()) for tensor in tensors)

    def state_dict(self) -> dict[str, Any]:
        """Return all of it as tensors, numbers, strings and containers of these."""
        return {
            **{name: part.state_dict() for name, part in self._parts().items()},
            "random": self.random.get_state(),
            "losses": self.losses,
            "diversity": self.diversity,
        }

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Put back what `state_dict` returned."""
        for name, part in self._parts().items():
            part.load_state_dict(saved[name])
        for optimiser in (self.generator_optimiser, self.discriminator_optimiser):
            for group in optimiser.param_groups:  # the checkpoint may be another device's
                group["capturable"] = group["params"][0].device.type == "cuda"
        self.random.set_state(saved["random"])
        self.losses = list(saved["losses"])
        self.diversity = saved["diversity"]

    def _parts(self) -> dict[str, _Part]:
        parts: dict[str, _Part | None] = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "generator_optimiser": self.generator_optimiser,
            "discriminator_optimiser": self.discriminator_optimiser,
            "average": self.average,
            "augmenter": self.augmenter,
        }
        return {name: part for name, part in parts.items() if part is not None}


def random_stream(seed: int, stream: int) -> torch.Generator:
    """Return one of a seed's independent random streams, on the CPU.

    torch starts a stream from 32 bits, few enough to try all of them. A seed of more, such as one
    from the operating system, fills the whole state of the Mersenne twister instead.
    """
    sequence = np.random.SeedSequence((seed, stream))
    if seed < 2**32:
        (word,) = sequence.generate_state(1, np.uint32)
        return torch.Generator().manual_seed(int(word))
    random = torch.Generator()
    state = random.manual_seed(0).get_state()  # bytes: 24, then 624 words of 8, of which 4 count
    words = sequence.generate_state(_TWISTER_WORDS, np.uint32).astype(np.uint64)
    state[_TWISTER_AT : _TWISTER_AT + words.nbytes] = torch.from_numpy(words.view(np.uint8))
    return random.set_state(state)


def new_state(
    architecture: Architecture, training: GeneratorTraining, device: torch.device
) -> TrainingState:
    """Return the state before the first epoch; the seed determines all of it."""
    random = random_stream(training.drawn_seed, INITIAL_WEIGHTS)
    generator = new_generator(architecture, random).to(device)
    discriminator = new_discriminator(architecture, training, random).to(device)
    half_life, augmentation = training.average_half_life_images, training.augmentation
    return TrainingState(
        generator=generator,
        discriminator=discriminator,
        generator_optimiser=_adam(generator.parameters(), training, device),
        discriminator_optimiser=_adam(discriminator.parameters(), training, device),
        average=None if half_life is None else MovingAverage(generator, half_life),
        augmenter=None if augmentation is None else Augmenter(augmentation, device),
        penalty_weight=torch.tensor(training.penalty_weight or 0.0, device=device),
        random=random_stream(training.drawn_seed, TRAINING_DRAWS),
    )


def _adam(
    parameters: Iterable[nn.Parameter], training: GeneratorTraining, device: torch.device
) -> torch.optim.Adam:
    """Return Adam in one kernel; on CUDA it can be captured, eager or not, for equal numbers."""
    return torch.optim.Adam(
        parameters,
        lr=training.learning_rate,
        betas=training.betas,
        fused=True,
        capturable=device.type == "cuda",
    )
