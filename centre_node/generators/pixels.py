"""8-bit pixels to the networks' range and back."""

import torch
from torch import Tensor


def from_8_bit(pixels: Tensor) -> Tensor:
    """Map uint8 pixels, any shape, to float32 in [-1, 1]."""
    return pixels.float() / 127.5 - 1


def to_8_bit(values: Tensor, pixel_range: tuple[float, float] = (-1.0, 1.0)) -> Tensor:
    """Map values, any shape, to the nearest uint8; those outside `pixel_range` are clipped.

    Args:
        pixel_range: The values that become 0 and 255.
    """
    low, high = pixel_range
    return ((values.float() - low) * (255 / (high - low))).round().clamp(0, 255).to(torch.uint8)
