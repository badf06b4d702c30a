"""Writes one 8-bit image, so that a full disk is an error and never a file cut short."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


def write_image(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write pixels, shape (height, width), without loss, as the name's ending says."""
    _, encoded = cv2.imencode(path.suffix, pixels)
    # OpenCV's own writing tells nothing of the disk's errors.
    path.write_bytes(encoded.tobytes())
