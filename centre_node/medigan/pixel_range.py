"""Which values of a generator are black and white, where nobody says so."""

from pathlib import Path

import torch

from centre_node.generators.weights import load_generator
from shared.architectures import Architecture

LOOKED_AT = 32
CLEARLY_BELOW_ZERO = -0.1
LARGEST_SHARE_BELOW = 0.01


def seen_pixel_range(weights: Path, architecture: Architecture) -> tuple[float, float]:
    """Tell from samples whether a generator was trained on patches in [-1, 1] or in [0, 1].

    Its last activation, tanh, allows the first, but the code that the paper's authors published
    trained on the second. Such a generator draws next to nothing below zero, and its patches
    would have half the contrast of real ones if [-1, 1] became black to white.

    Args:
        weights: The generator's safetensors file.
    """
    generator = load_generator(weights, architecture, torch.device("cpu"))
    random = torch.Generator().manual_seed(0)
    latents = torch.randn(LOOKED_AT, architecture.latent_size, generator=random)
    with torch.inference_mode():
        below = (generator(latents) < CLEARLY_BELOW_ZERO).float().mean().item()
    return (0.0, 1.0) if below < LARGEST_SHARE_BELOW else (-1.0, 1.0)
