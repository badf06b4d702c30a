"""Augmentation whose probability follows how much the discriminator overfits."""

import torch
from torch import Tensor

from centre_node.generators.augmentation import augmented
from node_api.generator_training import Augmentation

REMEMBERED = 0.95
"""Share of the measured overfitting that a step keeps of the steps before."""


class Augmenter:
    """Augments patches and steers the probability. All of its state stays on the device.

    While the overfitting, averaged over the last steps, is above the target, the probability
    rises at a constant pace; while it is below, it falls.

    Source: Karras et al. 2020 (arXiv 2006.06676), section 3.1 (the heuristic r_t).
    Deviation: a decaying average over all steps instead of a mean of every four, because a batch
    has 16 to 32 patches here and not 64.
    """

    def __init__(self, settings: Augmentation, device: torch.device) -> None:
        self._settings = settings
        self.probability = torch.tensor(settings.probability, device=device)
        self.overfitting = torch.tensor(0.0, device=device)

    def __call__(self, patches: Tensor, draws: Tensor) -> Tensor:
        """Return augmented patches; draws have the shape (batch, DRAWS_PER_PATCH)."""
        return augmented(patches, draws, kinds=self._settings.kinds, probability=self.probability)

    def observe(self, overfitting: Tensor, images: int) -> None:
        """Take in what a step on so many real patches found: a scalar, -1 to 1."""
        if self._settings.target is None:
            return
        self.overfitting.lerp_(overfitting, 1 - REMEMBERED)
        step = images / self._settings.images_to_full
        self.probability.add_((self.overfitting - self._settings.target).sign() * step)
        self.probability.clamp_(0.0, self._settings.largest_probability)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the probability and the measured overfitting."""
        return {"probability": self.probability, "overfitting": self.overfitting}

    def load_state_dict(self, saved: dict[str, Tensor]) -> None:
        """Put back what `state_dict` returned."""
        self.probability.copy_(saved["probability"])
        self.overfitting.copy_(saved["overfitting"])
