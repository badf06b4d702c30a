"""Reads TIFF, PGM, PNG and JPEG files of 8 or 16 bit."""

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from centre_node.mammography.image_faults import other_size, refused

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray


def raster_size(path: Path) -> tuple[int, int]:
    """Return width and height in pixels; nothing is decoded.

    Raises:
        BadImageError: The file is missing, or its header is of no image.
    """
    try:
        with Image.open(path) as image:
            return image.size
    except OSError as error:
        raise refused(path.name, _fault(error)) from error
    except (ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise refused(path.name, "is no image that can be decoded") from error


def read_raster(path: Path, width: int, height: int) -> "NDArray[uint8]":
    """Return the pixels, shape (height, width), 8 bit, the whole image min-max scaled.

    Raises:
        BadImageError: The file is missing, no image, cut short, of another size, or of one value.
    """
    # Here, not above: a process that only counts mammograms should not load an array library.
    import cv2
    import numpy as np

    from centre_node.mammography.scaling import min_max_scaled

    # Annotations speak of the pixels as stored, so an orientation tag is ignored.
    grey = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.fromfile(path, dtype=np.uint8), grey)
    except OSError as error:
        raise refused(path.name, _fault(error)) from error
    except cv2.error as error:
        raise refused(path.name, "is no image that can be decoded") from error
    if pixels is None:
        raise refused(path.name, "is no image that can be decoded, or it is cut short")
    if pixels.shape != (height, width):
        raise other_size(path.name, (pixels.shape[1], pixels.shape[0]), (width, height))
    return min_max_scaled(np.asarray(pixels), path.name)


def _fault(error: OSError) -> str:
    # Pillow's own errors of format are OSErrors without a reason of the system's.
    if error.strerror:
        return f"cannot be read: {error.strerror}"
    return "is no image that can be decoded"
