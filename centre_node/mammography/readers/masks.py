"""From a mask, an image of the same shape as the mammogram, to outlines."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box
from centre_node.mammography.dicom import read_header, read_pixels
from centre_node.mammography.errors import BadImageError
from centre_node.mammography.mammograms import Contour
from centre_node.mammography.readers.outlines import is_alike

_SMALLEST_SHARE = 0.001
_TOLERANCE_PX = 1.0

Outline = tuple[Box, tuple[Contour, ...]]


def read_outlines(path: Path, width: int, height: int) -> Outline:
    """Return the box around what a DICOM mask marks, and an outline of each connected part.

    Specks with less than a thousandth of the largest part's area are left out; they come from
    digitising. Outlines are simplified by at most a pixel, which the box is not. A mask of the
    image's proportions but of another scale is scaled to it; a crop of the image is none.

    Args:
        width: Of the mammogram in pixels, as is `height`.

    Raises:
        BadImageError: The mask cannot be decoded, is of another shape or marks nothing.
    """
    header = read_header(path)
    size = header.width, header.height
    mask = read_pixels(path, *size)
    if size == (width, height):
        return outlined(mask)
    if not is_alike(size, (width, height)) or not np.isin(mask, (0, 255)).all():
        raise BadImageError(f"{path.name} is no mask of its image's shape")
    return outlined(scaled(mask, width, height))


def scaled(mask: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return a mask of 0 and 255 with another size; what it marks, however small, stays marked."""
    if mask.shape == (height, width):
        return mask
    shrinks = mask.shape[0] > height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    resized = np.asarray(cv2.resize(mask, (width, height), interpolation=how))
    return np.where(resized > 0, 255, 0).astype(np.uint8)


def outlined(mask: NDArray[np.uint8]) -> Outline:
    """Return box and outlines of a mask that marks something."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    areas = [cv2.contourArea(outline) for outline in outlines]
    smallest = _SMALLEST_SHARE * max(areas)
    kept = [
        np.asarray(outline, dtype=np.int32)[:, 0, :]  # (corners, 2)
        for outline, area in zip(outlines, areas, strict=True)
        if area >= smallest
    ]
    return _box(kept), tuple(map(_simplified, kept))


def _box(outlines: Sequence[NDArray[np.int32]]) -> Box:
    corners = np.concatenate(outlines)
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return Box(left, top, right + 1, bottom + 1)


def _simplified(outline: NDArray[np.int32]) -> Contour:
    corners = np.asarray(cv2.approxPolyDP(outline, _TOLERANCE_PX, closed=True))[:, 0, :]
    return tuple((float(x), float(y)) for x, y in corners.tolist())
