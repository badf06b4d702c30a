"""Finds the breast: what is neither film background nor a label nor the film's edge."""

import cv2
import numpy as np
from numpy.typing import NDArray

_WORKING_HEIGHT_PX = 400
# Shares of the image's height.
_FRAME_SHARE = 0.05
_OPENING_SHARE = 0.05  # wider than a label's strokes and a film's edge
_CLOSING_SHARE = 0.025
# Grey values between the peak of the background and its end; shares of the peak's height.
_LEAST_STEP, _LARGEST_STEP = 3, 15
_FOOT_SHARE = 0.07
_FLATTEST_PEAK = 0.2
# What is no breast: thinner than this share of the image, or filling less of its own box.
_THINNEST_SHARE = 0.06
_EMPTIEST_SHARE = 0.25

_Mask = NDArray[np.uint8]
"""0 or 1, shape (height, width)."""


def breast_mask(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where the breast is, shape (height, width); nowhere in an image of one value.

    Film background is not black, so its level is taken from the image's border. What is brighter
    is opened, which cuts labels and film edges off, and its largest part is kept, holes filled.
    """
    height, width = pixels.shape
    scale = min(1.0, _WORKING_HEIGHT_PX / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    bright = (small > _background_level(small)).astype(np.uint8)
    breast = _filled(_largest_part(_closed(bright)))
    whole = cv2.resize(breast, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(whole, dtype=np.bool_)


def _background_level(small: NDArray[np.uint8]) -> int:
    """Return the brightest value that is background, -1 where none is in sight.

    Background is the peak of the border's dark values and ends at the peak's foot. A border of
    tissue alone has no such peak.
    """
    border = _border(small)
    threshold, _ = cv2.threshold(border, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    counts = np.bincount(border, minlength=256 + _LARGEST_STEP)
    counts = np.convolve(counts, [1, 2, 3, 2, 1], mode="same")
    peak = int(counts[: int(max(threshold, border.min())) + 1].argmax())
    tail = counts[peak : peak + _LARGEST_STEP + 1] / counts[peak]
    if tail[-1] > _FLATTEST_PEAK:
        return -1
    foot = int(np.argmax([*(tail < _FOOT_SHARE), True]))
    return peak + min(max(foot, _LEAST_STEP), _LARGEST_STEP)


def _border(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the pixels of a frame as wide as film edges and some background beside them."""
    wide = max(1, round(_FRAME_SHARE * small.shape[0]))
    inner = small[wide:-wide]
    sides = (small[:wide], small[-wide:], inner[:, :wide], inner[:, -wide:])
    return np.concatenate([side.ravel() for side in sides])


def _closed(bright: _Mask) -> _Mask:
    """Close small gaps: some tissue is as dark as the background."""
    kernel = _disc(_CLOSING_SHARE * bright.shape[0])
    return np.asarray(cv2.morphologyEx(bright, cv2.MORPH_CLOSE, kernel), dtype=np.uint8)


def _largest_part(bright: _Mask) -> _Mask:
    """Return the largest part that is no strip or frame, as it was before it was opened."""
    kernel = _disc(_OPENING_SHARE * bright.shape[0])
    # Outside the image counts as dark, so that strips along its border are thin as well.
    eroded = cv2.erode(bright, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    opened = cv2.dilate(eroded, kernel)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    areas = [_area(part, bright.shape) for part in statistics[1:]]
    if not any(areas):
        return np.zeros_like(bright)
    core = (labels == 1 + int(np.argmax(areas))).astype(np.uint8)
    return np.asarray(cv2.bitwise_and(cv2.dilate(core, kernel), bright), dtype=np.uint8)


def _area(part: NDArray[np.int32], shape: tuple[int, ...]) -> int:
    """Return a part's area in pixels, 0 where it is a strip or a frame."""
    _, _, width, height, area = (int(value) for value in part)
    thin = min(width / shape[1], height / shape[0]) < _THINNEST_SHARE
    return 0 if thin or area < _EMPTIEST_SHARE * width * height else area


def _filled(part: _Mask) -> _Mask:
    """Fill gaps and holes, those that are open to the chest wall too."""
    _wall_off(part)
    outlines, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.zeros_like(part), outlines, -1, 1, cv2.FILLED))


def _wall_off(part: _Mask) -> None:
    """Draw the chest wall: the fuller of the part's outermost columns, from end to end."""
    columns = np.flatnonzero(part.any(axis=0))
    if not len(columns):
        return
    wall = max((columns[0], columns[-1]), key=lambda column: np.count_nonzero(part[:, column]))
    rows = np.flatnonzero(part[:, wall])
    part[rows[0] : rows[-1], wall] = 1


def _disc(diameter: float) -> _Mask:
    side = 2 * (round(diameter) // 2) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)
