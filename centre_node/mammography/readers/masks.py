"""From a mask, an image of the same size as the mammogram, to outlines."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box
from centre_node.mammography.dicom import read_pixels
from centre_node.mammography.mammograms import Contour

_SMALLEST_SHARE = 0.001
_TOLERANCE_PX = 1.0


def read_outlines(path: Path, width: int, height: int) -> tuple[Box, tuple[Contour, ...]]:
    """Return the box around what a DICOM mask marks, and an outline of each connected part.

    Specks with less than a thousandth of the largest part's area are left out; they come from
    digitising. Outlines are simplified by at most a pixel, which the box is not.

    Raises:
        BadImageError: The mask cannot be decoded, is of another size or marks nothing.
    """
    mask = read_pixels(path, width, height)
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
