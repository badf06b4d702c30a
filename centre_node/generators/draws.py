"""The random draws of one epoch, made on the CPU so that every device sees the same."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from centre_node.generators.augmentation import DRAWS_PER_PATCH
from centre_node.generators.losses import smoothed_labels
from centre_node.generators.pixels import from_8_bit
from node_api.generator_training import GeneratorTraining
from node_api.losses import LOSSES

VIEWS = 3  # augmented for themselves: real, fake, and fake again in the generator's step


class StepDraws(NamedTuple):
    """What one step needs; what its loss does not use is empty.

    Attributes:
        order: Which patches, int64, shape (batch,); none comes twice in an epoch.
        flips: Whether to mirror left-right and top-bottom, bool, shape (batch, 2).
        latents: Standard normal, shape (batch, latent_size).
        labels: Of the real patches, shape (batch,).
        generator_latents: For a generator's step that shares no patches with the
            discriminator's, standard normal, shape (batch, latent_size).
        mixing: Where between real and fake the gradient is taken, in [0, 1), shape (batch,).
        augmentation: In [0, 1), shape (VIEWS, batch, DRAWS_PER_PATCH).
    """

    order: Tensor
    flips: Tensor
    latents: Tensor
    labels: Tensor
    generator_latents: Tensor
    mixing: Tensor
    augmentation: Tensor


@dataclass(frozen=True)
class EpochDraws:
    """The draws of all steps of an epoch; each tensor's first axis is the step."""

    steps: StepDraws

    def __len__(self) -> int:
        return len(self.steps.order)

    def __getitem__(self, step: int) -> StepDraws:
        return StepDraws(*(tensor[step] for tensor in self.steps))

    def to(self, device: torch.device) -> "EpochDraws":
        """Move everything at once, so that no step waits for a transfer."""
        return EpochDraws(StepDraws(*(tensor.to(device) for tensor in self.steps)))


def draw_epoch(
    count: int, training: GeneratorTraining, *, latent_size: int, random: torch.Generator
) -> EpochDraws:
    """Draw an epoch over `count` patches; the last incomplete batch is dropped.

    Every step of the discriminator has patches and latents of its own, also where several come
    before one of the generator.

    Source: paper section 2.3.1 (flips with p = 0.5, smoothed labels).
    """
    batch = training.batch_size
    shape = (count // batch, batch)
    traits, none = LOSSES[training.loss], (shape[0], 0)
    separate, mixed = (shape if traits.has_critic else none), (shape if traits.between else none)
    views = VIEWS if training.augmentation is not None else 0
    order = torch.randperm(count, generator=random)[: shape[0] * batch]
    return EpochDraws(
        StepDraws(
            order=order.reshape(shape),
            flips=torch.rand(*shape, 2, generator=random) < 0.5,
            latents=torch.randn(*shape, latent_size, generator=random),
            labels=_labels(shape, training, random),
            generator_latents=torch.randn(*separate, latent_size, generator=random),
            mixing=torch.rand(mixed, generator=random),
            augmentation=torch.rand(shape[0], views, batch, DRAWS_PER_PATCH, generator=random),
        )
    )


def _labels(shape: tuple[int, int], training: GeneratorTraining, random: torch.Generator) -> Tensor:
    if training.real_labels is None:
        return torch.empty(shape[0], 0)
    return smoothed_labels(shape, training.real_labels, random)


def real_batch(patches: Tensor, order: Tensor, flips: Tensor) -> Tensor:
    """Return the patches of one step, mirrored and in [-1, 1].

    Args:
        patches: All patches, uint8, shape (n, side, side).
        order: Which ones, shape (batch,).
        flips: Whether to mirror left-right and top-bottom, bool, shape (batch, 2).

    Returns:
        float32, shape (batch, 1, side, side).
    """
    batch = patches[order]
    batch = torch.where(flips[:, 0, None, None], batch.flip(2), batch)
    batch = torch.where(flips[:, 1, None, None], batch.flip(1), batch)
    return from_8_bit(batch).unsqueeze(1)
