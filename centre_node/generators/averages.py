"""The moving average of a generator's weights, which is what is sampled from and exported."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

RAMP_UP = 0.05
"""The half-life is never above this share of the images so far, so that the start is forgotten."""


class MovingAverage:
    """A copy of a generator whose weights follow the original's. Its state stays on the device.

    Weights are averaged; BatchNorm's running statistics are averages already and are copied.

    Source: Karras et al. 2018 (arXiv 1710.10196); the ramp-up is that of Karras et al. 2020
    (arXiv 2006.06676), appendix.
    """

    def __init__(self, generator: nn.Module, half_life_images: int) -> None:
        self.network = copy.deepcopy(generator).requires_grad_(False).eval()
        self._half_life = float(half_life_images)
        device = next(generator.parameters()).device
        self._images = torch.zeros((), dtype=torch.float64, device=device)

    @torch.no_grad()
    def update(self, generator: nn.Module, images: int) -> None:
        """Take in the generator after a step on so many patches; the first step is copied."""
        share = new_share(self._images, images, half_life=self._half_life).float()
        for average, new in zip(self.network.parameters(), generator.parameters(), strict=True):
            average.lerp_(new, share)
        for copied, original in zip(self.network.buffers(), generator.buffers(), strict=True):
            copied.copy_(original)
        self._images.add_(images)

    def state_dict(self) -> dict[str, Any]:
        """Return the averaged network's state and the images that it has seen."""
        return {"network": self.network.state_dict(), "images": self._images}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Put back what `state_dict` returned."""
        self.network.load_state_dict(saved["network"])
        self._images.copy_(saved["images"])


def new_share(images_before: Tensor, images: int, *, half_life: float) -> Tensor:
    """Return the share, 0 to 1, that a step on `images` patches has in the average.

    After as many images as the half-life, what was there before counts half.

    Args:
        images_before: Images of all steps before, a scalar.
    """
    current = (images_before * RAMP_UP).clamp(max=half_life)
    return 1 - torch.exp2(-images / current)  # the first step divides by 0: a share of 1
