"""Synthetic patches from a generator's weights."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from centre_node.generators.pixels import to_8_bit
from centre_node.generators.weights import load_generator
from shared.architectures import Architecture

BATCH = 64


def sample_patches(
    weights: Path,
    architecture: Architecture,
    *,
    count: int,
    seed: int,
    device: torch.device,
) -> NDArray[np.uint8]:
    """Return `count` synthetic patches, shape (count, side, side), 8-bit.

    The same seed gives the same patches, and the first k of more patches are those of k:
    whole batches of one size are always drawn and computed, in float32.

    Args:
        seed: 0 to 2**64 - 1.

    Raises:
        WeightsRefusedError: The weights are not what the architecture declares.
    """
    generator = load_generator(weights, architecture, device)
    random = torch.Generator().manual_seed(seed)
    patches = np.empty((count, architecture.image_size, architecture.image_size), dtype=np.uint8)
    for start in range(0, count, BATCH):
        latents = torch.randn(BATCH, architecture.latent_size, generator=random)
        patches[start : start + BATCH] = generated(generator, latents)[: count - start]
    return patches


def generated(generator: nn.Module, latents: torch.Tensor) -> NDArray[np.uint8]:
    """Return the 8-bit patches, shape (batch, side, side), of latents, (batch, latent_size).

    The generator is used in evaluation mode and given back in the mode that it was in.
    """
    device = next(generator.parameters()).device
    was_training = generator.training
    generator.eval()
    try:
        with torch.inference_mode():
            patches = to_8_bit(generator(latents.to(device))).squeeze(1)
    finally:
        generator.train(was_training)
    pixels: NDArray[np.uint8] = patches.cpu().numpy()
    return pixels
