"""Painting as augmentation: own lesions on other own healthy tissue, anew in each epoch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.painting.own_lesions import OwnLesions
from node_api.patches import Jitter

SHARE = 0.5
"""Of the lesions of an epoch that are painted; the others are shown where they were found."""


@dataclass(frozen=True)
class PaintedAnew:
    """What own lesions are painted on.

    Attributes:
        backgrounds: Records of own healthy patches.
        jitter: With which these are cut.
    """

    own: OwnLesions
    backgrounds: NDArray[np.int64]
    jitter: Jitter

    def replace_some(
        self, pixels: NDArray[np.uint8], labels: NDArray[np.int64], random: np.random.Generator
    ) -> None:
        """Put painted patches in the place of half of the lesions, and of as many healthy ones.

        The healthy ones went through the same painting without a lesion, so that a classifier
        cannot learn the painting itself. No patch is added.

        Args:
            pixels: An epoch's own patches, shape (n, size, size); changed in place.
            labels: 1 for lesion, 0 for healthy, shape (n,).
        """
        healthy, lesions = (np.flatnonzero(labels == label) for label in (0, 1))
        count = min(round(len(lesions) * SHARE), len(healthy), len(self.backgrounds))
        chosen = random.permutation(self.backgrounds)[:count]
        first = int(random.integers(len(lesions)))  # or the same half would be painted each time
        painted = self.own.painted("own", chosen, jitter=self.jitter, first=first, random=random)
        pixels[random.permutation(lesions)[:count]] = painted.lesions
        pixels[random.permutation(healthy)[:count]] = painted.healthy
