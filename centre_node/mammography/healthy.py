"""Where healthy patches are cut: tissue, no annotation, no two nearly alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box

CANDIDATES = 400
NEAREST_CENTRES = 0.5


@dataclass(frozen=True, slots=True)
class HealthyRules:
    """What a healthy square must satisfy.

    Attributes:
        level: 8-bit value up to which a pixel is background.
        largest_background_share: Share of the square, 0 to 1, that may be background.
    """

    level: int
    largest_background_share: float


def healthy_boxes(
    pixels: NDArray[np.uint8],
    *,
    forbidden: Sequence[Box],
    sides: Sequence[int],
    rules: HealthyRules,
    random: np.random.Generator,
) -> list[Box]:
    """Return at most one square per wanted side, at random places of one mammogram.

    A square holds at most the allowed share of background, touches no forbidden box, and its
    centre is at least half a side away from the centre of any square placed before, so that no two
    patches are nearly the same. A side for which no place is found is left out.

    Args:
        pixels: The mammogram, 8 bit, shape (height, width).
        forbidden: Every annotation.
        sides: Wanted sides in pixels.

    Source: paper section 2.2, paragraph 1.
    Deviation: sides are drawn from those of the lesion squares by the caller; the published code's
    healthy crops were far smaller than its lesion crops, so that sharpness told the classes apart.
    """
    integral = _integral(pixels <= rules.level)
    placed: list[Box] = []
    for side in sides:
        if side > min(pixels.shape):
            continue
        for box in _candidates(integral, side, rules, random):
            if _is_free(box, forbidden, placed):
                placed.append(box)
                break
    return placed


def _integral(background: NDArray[np.bool_]) -> NDArray[np.int64]:
    height, width = background.shape
    integral = np.zeros((height + 1, width + 1), dtype=np.int64)
    integral[1:, 1:] = background.cumsum(axis=0, dtype=np.int64).cumsum(axis=1)
    return integral


def _candidates(
    integral: NDArray[np.int64], side: int, rules: HealthyRules, random: np.random.Generator
) -> list[Box]:
    height, width = integral.shape[0] - 1, integral.shape[1] - 1
    left = random.integers(0, width - side + 1, CANDIDATES)
    top = random.integers(0, height - side + 1, CANDIDATES)
    right, bottom = left + side, top + side
    background = (
        integral[bottom, right]
        - integral[top, right]
        - integral[bottom, left]
        + integral[top, left]
    )
    good = np.flatnonzero(background <= rules.largest_background_share * side * side)
    return [Box(int(left[i]), int(top[i]), int(right[i]), int(bottom[i])) for i in good]


def _is_free(box: Box, forbidden: Sequence[Box], placed: Sequence[Box]) -> bool:
    if any(box.overlaps(other) for other in forbidden):
        return False
    return all(_far_apart(box, other) for other in placed)


def _far_apart(one: Box, other: Box) -> bool:
    columns = abs(one.left + one.right - other.left - other.right) / 2
    rows = abs(one.top + one.bottom - other.top - other.bottom) / 2
    return max(columns, rows) >= NEAREST_CENTRES * max(one.width, other.width)
