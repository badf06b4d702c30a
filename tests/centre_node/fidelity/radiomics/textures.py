"""Patches for tests of radiomic features."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

CPU = torch.device("cpu")


def levels(*rows: list[int]) -> Tensor:
    """One image of grey levels, which count from 0 here and from 1 in the features."""
    return torch.tensor([rows], dtype=torch.uint8)


def clouds(count: int, *, side: int = 32, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth random fields with some noise, over most of the grey scale."""
    random = np.random.default_rng(seed)
    spectrum = np.fft.fft2(random.normal(size=(count, side, side)))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    smooth = np.fft.ifft2(spectrum / (frequency + 0.05) ** 1.5).real
    smooth = smooth / smooth.std() * 40 + 110 + random.normal(0, 6, smooth.shape)
    patches: NDArray[np.uint8] = smooth.clip(0, 255).astype(np.uint8)
    return patches
