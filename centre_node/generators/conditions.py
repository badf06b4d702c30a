"""Which class a patch is to be of, told to a generator beside the noise and to its discriminator.

A generator of classes takes, behind a patch's latents, a 1 for the patch's class and 0 for the
others; the discriminator takes a map for each class beside the patch, full of the same numbers.
Without classes nothing is added, and both are the networks that they always were.

Source: Mirza and Osindero 2014 (arXiv 1411.1784), section 3.2.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from centre_node.generators.penalties import Scorer
from shared.architectures import Architecture
from shared.names import Pathology


def drawn_classes(
    places: NDArray[np.int64], architecture: Architecture, pathology: Pathology | None = None
) -> NDArray[np.int64]:
    """Return the class of each sampled patch, as its number in the architecture, shape (n,).

    Args:
        places: The patches' places among all that are drawn, from 0.
        pathology: The class of all; None takes the classes by turns.
    """
    if pathology is not None:
        return np.full(len(places), architecture.classes.index(pathology), dtype=np.int64)
    return places % max(1, len(architecture.classes))


def with_classes(latents: Tensor, classes: Tensor, architecture: Architecture) -> Tensor:
    """Return what a generator takes, shape (batch, architecture.input_size).

    Args:
        latents: Shape (batch, latent_size).
        classes: Each patch's class as its number in the architecture, int64, shape (batch,).
    """
    if not architecture.classes:
        return latents
    return torch.cat([latents, class_rows(classes, architecture)], dim=1)


def by_turns(latents: Tensor, architecture: Architecture) -> Tensor:
    """Return what a generator takes for patches of the classes by turns."""
    classes = drawn_classes(np.arange(len(latents)), architecture)
    return with_classes(latents, torch.from_numpy(classes), architecture)


def class_rows(classes: Tensor, architecture: Architecture) -> Tensor:
    """Return a row of 0 and a single 1 for each class, float32, shape (n, classes)."""
    return torch.nn.functional.one_hot(classes, len(architecture.classes)).float()


@dataclass(frozen=True)
class ConditionedScorer:
    """Scores patches by a discriminator that is told their classes.

    Attributes:
        rows: Of a batch's classes, shape (batch, classes); several batches that are scored
            together have the same.
    """

    discriminator: Scorer
    rows: Tensor

    def told_another_class(self) -> "ConditionedScorer":
        """Return a scorer that is told the next class instead of each patch's own."""
        return ConditionedScorer(self.discriminator, self.rows.roll(1, dims=1))

    def __call__(self, patches: Tensor) -> Tensor:
        """Return the scores, shape (n,), of patches, shape (n, 1, side, side)."""
        rows = self.rows.repeat(len(patches) // len(self.rows), 1)
        maps = rows[:, :, None, None].expand(-1, -1, *patches.shape[2:])
        return self.discriminator(torch.cat([patches, maps.to(patches.dtype)], dim=1))
