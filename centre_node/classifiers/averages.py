"""The moving average of a classifier's weights, which is what is then evaluated and kept."""

import copy

from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

RAMP_UP = 0.05
"""The half-life is never above this share of the patches so far, so that the start is forgotten."""


class MovingAverage:
    """A copy of a classifier whose weights follow the original's.

    Weights are averaged; BatchNorm's running statistics are averages already and are copied. The
    share of a step is counted on the host, so nothing waits for the device.

    Source: Karras et al. 2018 (arXiv 1710.10196); the ramp-up is that of Karras et al. 2020
    (arXiv 2006.06676), appendix.
    """

    def __init__(self, network: nn.Module, half_life_patches: int) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        self._half_life_patches = half_life_patches
        self._patches = 0

    def update(self, network: nn.Module, patches: int) -> None:
        """Take in the classifier after a step on so many patches; the first step is copied."""
        decay = kept_share(self._patches, patches, half_life=self._half_life_patches)
        average, new = (list(one.parameters()) for one in (self.network, network))
        get_ema_multi_avg_fn(decay)(average, new, self._patches)
        for copied, original in zip(self.network.buffers(), network.buffers(), strict=True):
            copied.copy_(original)
        self._patches += patches


def kept_share(patches_before: int, patches: int, *, half_life: int) -> float:
    """Return the share, 0 to 1, of the average that is left after a step on `patches` patches.

    After as many patches as the half-life, what was there before counts half.
    """
    current = min(half_life, patches_before * RAMP_UP)
    return 2 ** (-patches / current) if current else 0.0
