"""Finds the film in an image: what is neither padding nor a broad bright frame."""

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
"""0 or 1, shape (height, width)."""

FRAME_SHARE = 0.05
"""Of the image's height: as wide as film edges and some background beside them."""
FRAME_LEVEL = 200
"""What is brighter may be a film's edge or frame, and is never its background."""

# A line of pixels is a frame's where this share of it is so bright.
_FRAME_LINE_SHARE = 0.9
# What fills less of its own box is no film but a breast, cut out along its skin.
_LEAST_FILM_FILL = 0.93


def film_within(pixels: NDArray[np.uint8], small: NDArray[np.uint8]) -> Mask:
    """Return where the film is, in the shape of `small`.

    Padding of one value is set aside where what it leaves is a film, which has corners. Around a
    breast that was cut out along its skin the padding is all the background there is, so it stays.

    Args:
        pixels: The image.
        small: The same, resized.
    """
    film = _without_padding(pixels, small.shape)
    rows, columns = _extent(film)
    bright = small[rows, columns] > FRAME_LEVEL
    left, right = _frame_widths(bright.mean(axis=0), len(small))
    top, bottom = _frame_widths(bright.mean(axis=1), len(small))
    inner = np.zeros_like(film)
    kept = np.s_[rows.start + top : rows.stop - bottom, columns.start + left : columns.stop - right]
    inner[kept] = film[kept]
    return inner if inner.any() else film


def rim(film: Mask) -> NDArray[np.bool_]:
    """Return the film's outermost pixels, as wide as film edges and some background."""
    side = 2 * max(1, round(FRAME_SHARE * film.shape[0])) + 1
    inner = cv2.erode(
        film, np.ones((side, side), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    return np.asarray((film > 0) & (inner == 0))


def _without_padding(pixels: NDArray[np.uint8], shape: tuple[int, ...]) -> Mask:
    film = np.ones(shape, dtype=np.uint8)
    for value in {int(pixels[row, column]) for row in (0, -1) for column in (0, -1)}:
        if value <= FRAME_LEVEL:  # saturated tissue has one value too
            film[_padding(pixels, value, shape)] = 0
    rows, columns = _extent(film)
    fill = film[rows, columns].mean() if film.any() else 0.0
    return film if fill >= _LEAST_FILM_FILL else np.ones(shape, dtype=np.uint8)


def _padding(pixels: NDArray[np.uint8], value: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return where every pixel has the value, in pieces that touch the image's border."""
    same = cv2.inRange(pixels, np.array(value), np.array(value))
    height, width = shape
    whole = cv2.resize(same, (width, height), interpolation=cv2.INTER_AREA) == 255
    _, labels = cv2.connectedComponents(whole.astype(np.uint8), connectivity=4)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.asarray(whole & np.isin(labels, np.unique(border)))


def _extent(mask: Mask) -> tuple[slice, slice]:
    """Return the rows and columns of the mask's box."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _frame_widths(shares: NDArray[np.float64], height: int) -> tuple[int, int]:
    """Return how many lines from either end are a frame's, 0 where they are a film's edge.

    Args:
        shares: Of each line that is bright.
    """
    other = np.flatnonzero(shares < _FRAME_LINE_SHARE)
    if not len(other):
        return 0, 0
    first, last = int(other[0]), len(shares) - 1 - int(other[-1])
    narrowest = FRAME_SHARE * height
    return (first if first > narrowest else 0), (last if last > narrowest else 0)
