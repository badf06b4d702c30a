"""Patches with structure of every size, as tissue has it."""

import cv2
import numpy as np
from numpy.typing import NDArray


def tissue(*, patches: int = 12, seed: int = 0) -> NDArray[np.uint8]:
    """Return patches with structure of every size, away from black and white."""
    random = np.random.default_rng(seed)
    fields = [
        cv2.resize(random.normal(0, 1, (side, side)), (32, 32), interpolation=cv2.INTER_CUBIC)
        for _ in range(patches)
        for side in (32, 16, 8, 4)
    ]
    summed = np.asarray(fields).reshape(patches, 4, 32, 32).sum(axis=1)
    return np.asarray((120 + 10 * summed).clip(0, 255).round(), dtype=np.uint8)
