"""8-bit pixels to the networks' range and back."""

import torch
from torch import Tensor


def from_8_bit(pixels: Tensor) -> Tensor:
    """Map uint8 pixels, any shape, to float32 in [-1, 1]."""
    return pixels.float() / 127.5 - 1


def to_8_bit(values: Tensor) -> Tensor:
    """Map values in [-1, 1], any shape, to the nearest uint8; values outside are clipped."""
    return ((values.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
