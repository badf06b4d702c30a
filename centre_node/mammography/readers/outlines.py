"""From the outlines of a lesion to its box."""

import math
from collections.abc import Sequence

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Contour

_LARGEST_DIFFERENCE = 0.01
_LARGEST_FACTOR = 4


def enclosing_box(contours: Sequence[Contour], *, width: int, height: int) -> Box | None:
    """Return the pixels that hold every corner, clipped to an image of width x height px.

    A corner names a pixel that belongs to the outline, so the box ends behind it and a single
    point has a box of 1 x 1 px.

    Returns:
        None where nothing lies inside the image.
    """
    return _unclipped(contours).clipped(width, height)


def crosses_border(contours: Sequence[Contour], *, width: int, height: int) -> bool:
    """Tell whether a corner lies outside an image of width x height px."""
    return not Box(0, 0, width, height).contains(_unclipped(contours))


def _unclipped(contours: Sequence[Contour]) -> Box:
    columns = [x for contour in contours for x, _ in contour]
    rows = [y for contour in contours for _, y in contour]
    return Box(
        math.floor(min(columns)),
        math.floor(min(rows)),
        math.floor(max(columns)) + 1,
        math.floor(max(rows)) + 1,
    )


def is_alike(size: tuple[int, int], image: tuple[int, int]) -> bool:
    """Tell whether two sizes, width and height, are one shape at scales not too far apart.

    Their sides must be in one proportion within 1 %: some masks were made of a film that was
    digitised at another resolution.
    """
    if min(*size, *image) < 1:
        return False
    across, down = image[0] / size[0], image[1] / size[1]
    is_one = abs(across - down) <= _LARGEST_DIFFERENCE * max(across, down)
    return is_one and 1 / _LARGEST_FACTOR <= across <= _LARGEST_FACTOR
