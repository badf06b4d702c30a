"""Synthetic patches as torch sees them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from centre_node.generators.pixels import from_8_bit

Patch = Tensor
"""Of one patch: float32, shape (1, side, side), -1 black to 1 white."""


class SyntheticPatches(Dataset[Patch]):
    """Patches that were sampled, one tensor each.

    Args:
        patches: 8-bit, shape (n, side, side).
    """

    def __init__(self, patches: NDArray[np.uint8]) -> None:
        self._patches = patches

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._patches)

    def __getitem__(self, index: int) -> Patch:
        """Return one patch."""
        return from_8_bit(torch.from_numpy(self._patches[index]).unsqueeze(0))
