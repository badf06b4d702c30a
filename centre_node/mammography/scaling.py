"""Scales grey values to 8 bit, and tells where that leaves few greys for most of an image."""

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.image_faults import refused

OUTLIERS = 0.001
"""Share of an image's pixels that should not decide on the greys of all others."""


def min_max_scaled(values: NDArray[np.integer | np.floating], name: str) -> NDArray[np.uint8]:
    """Return the values spread over 0 to 255, linearly, in their shape.

    Args:
        name: What the message calls them.

    Raises:
        BadImageError: All are the same.
    """
    low, high = values.min(), values.max()
    if low == high:
        fault = f"has the value {low:g} in every pixel"
        raise refused(name, fault, counted_as="has one value in every pixel")
    if np.issubdtype(values.dtype, np.floating):
        # OpenCV scales to bytes in single precision, which loses a small span far from 0.
        spread = np.rint((values - low) * (255 / (high - low)))
        return np.asarray(spread, dtype=np.uint8)
    scaled = cv2.normalize(values, None, 0, 255, cv2.NORM_MINMAX, dtype=cv2.CV_8U)  # type: ignore[call-overload]  # None: a new array
    return np.asarray(scaled, dtype=np.uint8).reshape(values.shape)


def scaling_doubt(scaled: NDArray[np.uint8]) -> str | None:
    """Return why the greys of an image may tell little: a few pixels lie far from all others."""
    bright = np.count_nonzero(scaled > 127) / scaled.size
    if bright < OUTLIERS:
        return "the brightest thousandth of its pixels takes more than half of the greys"
    if bright > 1 - OUTLIERS:
        return "the darkest thousandth of its pixels takes more than half of the greys"
    return None
