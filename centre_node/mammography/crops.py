"""Cuts boxes out of images and resizes them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box


def cropped(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Return the box's pixels, shape (box.height, box.width), as a view."""
    return pixels[box.top : box.bottom, box.left : box.right]


def resized(patch: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return a square patch at shape (size, size).

    Source: paper section 2.2, paragraph 3: inter-area interpolation.
    Deviation: area interpolation is defined for shrinking; a smaller patch is enlarged linearly.
    """
    method = cv2.INTER_AREA if patch.shape[0] >= size else cv2.INTER_LINEAR
    return cv2.resize(patch, (size, size), interpolation=method).astype(np.uint8, copy=False)
