"""The moving average of a network's weights, which is then what is evaluated and kept."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

RAMP_UP = 0.05
"""The half-life is never above this share of the patches so far, so that the start is forgotten."""


class MovingAverage:
    """A copy of a network whose weights follow the original's. Its state stays on the device.

    Weights are averaged; BatchNorm's running statistics are averages already and are copied.

    Source: Karras et al. 2018 (arXiv 1710.10196); the ramp-up is that of Karras et al. 2020
    (arXiv 2006.06676), appendix.
    """

    def __init__(self, network: nn.Module, half_life: int) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        self._half_life = float(half_life)
        device = next(network.parameters()).device
        self._patches = torch.zeros((), dtype=torch.float64, device=device)

    @torch.no_grad()
    def update(self, network: nn.Module, patches: int) -> None:
        """Take in the network after a step on so many patches; the first step is copied."""
        share = new_share(self._patches, patches, half_life=self._half_life).float()
        for average, new in zip(self.network.parameters(), network.parameters(), strict=True):
            average.lerp_(new, share)
        for copied, original in zip(self.network.buffers(), network.buffers(), strict=True):
            copied.copy_(original)
        self._patches.add_(patches)

    def state_dict(self) -> dict[str, Any]:
        """Return the averaged network's state and the patches that it has seen."""
        return {"network": self.network.state_dict(), "patches": self._patches}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Put back what `state_dict` returned."""
        self.network.load_state_dict(saved["network"])
        self._patches.copy_(saved["patches"])


def new_share(patches_before: Tensor, patches: int, *, half_life: float) -> Tensor:
    """Return the share, 0 to 1, that a step on `patches` patches has in the average.

    After as many patches as the half-life, what was there before counts half.

    Args:
        patches_before: Patches of all steps before, a scalar.
    """
    current = (patches_before * RAMP_UP).clamp(max=half_life)
    return 1 - torch.exp2(-patches / current)  # the first step divides by 0: a share of 1
