"""Whether a generator draws nearly the same patch again and again."""

import numpy as np
import torch
from numpy.typing import NDArray

COMPARED = 64


def mean_distance(patches: NDArray[np.uint8]) -> float:
    """Return the mean Euclidean distance of all pairs of patches, shape (n, side, side).

    In grey levels, over all pixels; 0 for fewer than two patches.
    """
    if len(patches) < 2:
        return 0.0
    flat = torch.from_numpy(patches.reshape(len(patches), -1).astype(np.float32))
    return float(torch.pdist(flat).mean())


def diversity(samples: NDArray[np.uint8], real: NDArray[np.uint8]) -> float:
    """Return how far samples lie from each other, as a share of real patches' distance.

    1 means as diverse as the real patches, and so does no diversity on either side.
    """
    among_real = mean_distance(real)
    return mean_distance(samples) / among_real if among_real > 0 else 1.0


def has_collapsed(now: float, *, largest_before: float, share: float, last: bool) -> bool:
    """Tell whether the diversity `now` speaks of mode collapse.

    Below the share it does if it was above it before, or if the training is over; a generator
    that has only begun draws much the same for every latent and has not collapsed.
    """
    return now < share and (last or largest_before >= share)
