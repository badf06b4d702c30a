"""The random draws of one epoch, made on the CPU so that every device sees the same."""

from dataclasses import dataclass

import torch
from torch import Tensor

from centre_node.generators.losses import smoothed_labels
from centre_node.generators.pixels import from_8_bit


@dataclass(frozen=True)
class EpochDraws:
    """What an epoch's steps need; the first axis is the step.

    Attributes:
        order: Which patches, int64, shape (steps, batch); none comes twice in an epoch.
        flips: Whether to mirror left-right and top-bottom, bool, shape (steps, batch, 2).
        latents: Standard normal, shape (steps, batch, latent_size).
        labels: Of the real patches, shape (steps, batch).
    """

    order: Tensor
    flips: Tensor
    latents: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.order)

    def to(self, device: torch.device) -> "EpochDraws":
        """Move everything at once, so that no step waits for a transfer."""
        return EpochDraws(
            *(tensor.to(device) for tensor in (self.order, self.flips, self.latents, self.labels))
        )


def draw_epoch(
    count: int,
    *,
    batch_size: int,
    latent_size: int,
    real_labels: tuple[float, float],
    random: torch.Generator,
) -> EpochDraws:
    """Draw an epoch over `count` patches; the last incomplete batch is dropped.

    Source: paper section 2.3.1 (flips with p = 0.5, smoothed labels).
    """
    shape = (count // batch_size, batch_size)
    order = torch.randperm(count, generator=random)[: shape[0] * batch_size]
    return EpochDraws(
        order=order.reshape(shape),
        flips=torch.rand(*shape, 2, generator=random) < 0.5,
        latents=torch.randn(*shape, latent_size, generator=random),
        labels=smoothed_labels(shape, real_labels, random),
    )


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
