"""Turns mammograms so that the chest wall is at the left."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box
from centre_node.mammography.breast_mask import found_breast
from centre_node.mammography.mammograms import Contour, Lesion, Mammogram

GUESSED = "the side of the chest wall is a guess, for no breast was found"


def with_chest_wall_left(
    mammogram: Mammogram, pixels: NDArray[np.uint8]
) -> tuple[Mammogram, NDArray[np.uint8], str | None]:
    """Return the mammogram and its pixels, mirrored where the chest wall is at the right.

    And why that may be wrong.

    The side is seen in the pixels, not taken from the record: data sets mirror images against what
    their laterality says. The chest wall is at the border that the breast touches along more rows.
    """
    breast = found_breast(pixels)
    doubt = None if breast.doubt is None else GUESSED
    if breast.mask[:, 0].sum() >= breast.mask[:, -1].sum():
        return mammogram, pixels, doubt
    return _mirrored(mammogram), np.ascontiguousarray(pixels[:, ::-1]), doubt


def _mirrored(mammogram: Mammogram) -> Mammogram:
    width = mammogram.width
    return replace(
        mammogram,
        lesions=tuple(_mirrored_lesion(lesion, width) for lesion in mammogram.lesions),
        excluded=tuple(_mirrored_box(box, width) for box in mammogram.excluded),
    )


def _mirrored_lesion(lesion: Lesion, width: int) -> Lesion:
    contours = tuple(_mirrored_contour(contour, width) for contour in lesion.contours)
    return replace(lesion, box=_mirrored_box(lesion.box, width), contours=contours)


def _mirrored_box(box: Box, width: int) -> Box:
    return Box(width - box.right, box.top, width - box.left, box.bottom)


def _mirrored_contour(contour: Contour, width: int) -> Contour:
    # Corners name pixels, of which the last is width - 1.
    return tuple((width - 1 - x, y) for x, y in contour)
