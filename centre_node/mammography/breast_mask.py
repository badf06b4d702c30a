"""Finds the breast: what is neither film background nor a label nor the film's edge."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.film import Mask, film_within, rim

_WORKING_HEIGHT_PX = 400
# Shares of the image's height.
_OPENING_SHARE = 0.05  # wider than a label's strokes and a film's edge
_CLOSING_SHARE = 0.025
# Grey values between the peak of the background and its end; shares of the peak's height.
_LEAST_STEP, _LARGEST_STEP = 3, 15
_FOOT_SHARE = 0.07
_FLATTEST_PEAK = 0.2
# What is no breast: thinner than this share of the image, or filling less of its own box.
_THINNEST_SHARE = 0.06
_EMPTIEST_SHARE = 0.25

# Of the film, and of its rim: a mask of less is no breast, one of more holds the background.
_LEAST_BREAST, _MOST_BREAST, _MOST_RIM = 0.02, 0.9, 0.6
_FITS = 8  # of a plane to uneven light, each without what lies above the one before


Doubt = Literal["nothing", "whole film"]


@dataclass(frozen=True, slots=True)
class Breast:
    """Where a breast is.

    Attributes:
        mask: Shape (height, width).
        doubt: What speaks against the mask: there is nothing in it, or it is nearly the whole film
            or nearly all of its rim, for no background was found.
    """

    mask: NDArray[np.bool_]
    doubt: Doubt | None


def breast_mask(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where the breast is, shape (height, width); nowhere in an image of one value."""
    return found_breast(pixels).mask


def found_breast(pixels: NDArray[np.uint8]) -> Breast:
    """Find the breast, and tell whether what was found may be one.

    Padding and broad frames are set aside. Film background is not black, so its level is taken
    from the film's rim; light that falls unevenly is levelled where that gives no breast. What is
    brighter is opened, which cuts labels and film edges off, and its largest part is kept, holes
    filled.
    """
    height, width = pixels.shape
    scale = min(1.0, _WORKING_HEIGHT_PX / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    breast, doubt = _found(small, film_within(pixels, small))
    whole = cv2.resize(breast, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return Breast(np.asarray(whole, dtype=np.bool_), doubt)


def _found(small: NDArray[np.uint8], film: Mask) -> tuple[Mask, Doubt | None]:
    """Return the first mask that may be a breast, else the first."""
    doubtful: list[tuple[Mask, Doubt]] = []
    for greys, level, place in _background_levels(small, film):
        bright = ((greys > level) & (place > 0)).astype(np.uint8)
        breast = _filled(_largest_part(_closed(bright)))
        doubt = _doubt(breast, film)
        if doubt is None:
            return breast, None
        doubtful.append((breast, doubt))
    return doubtful[0]


def _doubt(breast: Mask, film: Mask) -> Doubt | None:
    share = np.count_nonzero(breast) / np.count_nonzero(film)
    if share < _LEAST_BREAST:
        return "nothing"
    return "whole film" if share > _MOST_BREAST or breast[rim(film)].mean() > _MOST_RIM else None


def _background_levels(
    small: NDArray[np.uint8], film: Mask
) -> Iterator[tuple[NDArray[np.uint8], int, Mask]]:
    """Yield greys, the brightest of them that is background, and where a breast may be.

    The film's own rim counts where padding or a frame made the image's rim darker or brighter;
    else the image's rim sees more. Then the film is looked at as if it were evenly lit.
    """
    image = np.ones_like(film)
    outside, inside = (_rim_level(small[rim(place)]) for place in (image, film))
    set_aside = small[film == 0]
    is_within = inside > outside + _LEAST_STEP or (
        inside >= 0 and set_aside.size > 0 and set_aside.mean() > outside
    )
    yield (small, inside, film) if is_within else (small, outside, image)
    flat = _flattened(small, rim(film))
    yield flat, _rim_level(flat[rim(film)]), film


def _rim_level(border: NDArray[np.uint8]) -> int:
    """Return the brightest value that is background, -1 where none is in sight.

    Background is the peak of the border's dark values and ends at the peak's foot. A border of
    tissue alone has no such peak.
    """
    threshold, _ = cv2.threshold(border, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    counts = np.bincount(border, minlength=256 + _LARGEST_STEP)
    counts = np.convolve(counts, [1, 2, 3, 2, 1], mode="same")
    peak = int(counts[: int(max(threshold, border.min())) + 1].argmax())
    tail = counts[peak : peak + _LARGEST_STEP + 1] / counts[peak]
    if tail[-1] > _FLATTEST_PEAK:
        return -1
    foot = int(np.argmax([*(tail < _FOOT_SHARE), True]))
    return peak + min(max(foot, _LEAST_STEP), _LARGEST_STEP)


def _flattened(small: NDArray[np.uint8], border: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the image without the slope of its background's greys, which the border shows."""
    rows, columns = np.nonzero(border)
    places = np.stack([np.ones(len(rows)), rows, columns], axis=1)  # (pixels, 3)
    greys = small[border].astype(np.float64)
    threshold, _ = cv2.threshold(small[border], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = greys <= max(threshold, greys.min())
    slope = np.zeros(3, dtype=np.float64)
    for _ in range(_FITS):
        slope = np.asarray(np.linalg.lstsq(places[dark], greys[dark], rcond=None)[0], np.float64)
        above = greys - places @ slope
        dark = above <= max(1.0, 1.5 * float(np.std(above[dark])))
    height, width = small.shape
    y, x = np.mgrid[:height, :width]
    light = slope[1] * (y - height / 2) + slope[2] * (x - width / 2)
    return np.asarray((small - light).round().clip(0, 255), dtype=np.uint8)


def _closed(bright: Mask) -> Mask:
    """Close small gaps: some tissue is as dark as the background."""
    kernel = _disc(_CLOSING_SHARE * bright.shape[0])
    return np.asarray(cv2.morphologyEx(bright, cv2.MORPH_CLOSE, kernel), dtype=np.uint8)


def _largest_part(bright: Mask) -> Mask:
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


def _filled(part: Mask) -> Mask:
    """Fill gaps and holes, those that are open to the chest wall too."""
    _wall_off(part)
    outlines, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.zeros_like(part), outlines, -1, 1, cv2.FILLED))


def _wall_off(part: Mask) -> None:
    """Draw the chest wall: the fuller of the part's outermost columns, from end to end."""
    columns = np.flatnonzero(part.any(axis=0))
    if not len(columns):
        return
    wall = max((columns[0], columns[-1]), key=lambda column: np.count_nonzero(part[:, column]))
    rows = np.flatnonzero(part[:, wall])
    part[rows[0] : rows[-1], wall] = 1


def _disc(diameter: float) -> Mask:
    side = 2 * (round(diameter) // 2) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)
