"""Pixel rectangles: where a lesion's patch is cut, and how a training box is moved about."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from centre_node.mammography.errors import PatchDoesNotFitError
from node_api.patches import Jitter

if TYPE_CHECKING:
    from numpy.random import Generator


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels: columns [left, right), rows [top, bottom), origin top left."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def larger_side(self) -> int:
        """The larger of width and height in pixels."""
        return max(self.width, self.height)

    @property
    def middle(self) -> "Box":
        """The pixel in the middle."""
        column, row = (self.left + self.right) // 2, (self.top + self.bottom) // 2
        return Box(column, row, column + 1, row + 1)

    def overlaps(self, other: "Box") -> bool:
        """Tell whether the two share a pixel."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def contains(self, other: "Box") -> bool:
        """Tell whether `other` lies inside, borders included."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )

    def clipped(self, width: int, height: int) -> "Box | None":
        """Return the part inside an image of width x height px; None where nothing is."""
        left, top = max(self.left, 0), max(self.top, 0)
        right, bottom = min(self.right, width), min(self.bottom, height)
        return Box(left, top, right, bottom) if right > left and bottom > top else None

    def moved(self, columns: int, rows: int) -> "Box":
        """Return the box shifted by whole pixels."""
        return Box(self.left + columns, self.top + rows, self.right + columns, self.bottom + rows)


def enclosing(boxes: Sequence[Box]) -> Box:
    """Return the smallest box that holds them all; there must be one."""
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def patch_box(
    lesion: Box, *, image_width: int, image_height: int, margin: int = 60, smallest_side: int = 1
) -> Box:
    """Return the square that is cut out as a lesion's patch. All lengths in pixels.

    The square is centred on the lesion and leaves `margin` on each side of its larger side. A
    square that would cross the image's border is moved inside; where the image is too small for
    the margin, the margin shrinks.

    Raises:
        PatchDoesNotFitError: Not even the lesion without a margin fits the image.

    Source: paper section 2.2, paragraph 2.
    """
    limit = min(image_width, image_height)
    if lesion.larger_side > limit:
        raise PatchDoesNotFitError(
            f"a lesion of {lesion.width} x {lesion.height} px does not fit a square in an image of "
            f"{image_width} x {image_height} px"
        )
    side = min(max(lesion.larger_side + 2 * margin, smallest_side), limit)
    left = _moved_inside((lesion.left + lesion.right - side) // 2, side, image_width)
    top = _moved_inside((lesion.top + lesion.bottom - side) // 2, side, image_height)
    return Box(left, top, left + side, top + side)


def placed_anywhere(
    square: Box, lesion: Box, *, image_width: int, image_height: int, random: "Generator"
) -> Box:
    """Return the square moved so that the middle of the lesion lies at any of its pixels.

    Every pixel is as likely, but for a square that would cross the image's border: it is moved
    inside.
    """
    side = square.width
    column, row = (int(offset) for offset in random.integers(side, size=2))
    middle = lesion.middle
    left = _moved_inside(middle.left - column, side, image_width)
    top = _moved_inside(middle.top - row, side, image_height)
    return Box(left, top, left + side, top + side)


def jittered(
    square: Box,
    lesion: Box | None,
    *,
    image_width: int,
    image_height: int,
    jitter: Jitter,
    smallest_side: int,
    random: "Generator",
) -> Box:
    """Return the square zoomed and moved by normally random amounts.

    The result is a square inside the image and holds `lesion`, a box in the square. Translations
    are clipped alike on both sides, so their mean is zero but for the borders and the lesion.

    Source: paper section 2.2, paragraph 3.
    Deviation: the published code clipped the translation on the wrong side, which moved every crop
    up and left and lost lesions; we clip symmetrically and keep the lesion inside.
    """
    side = _zoomed_side(
        square, lesion, min(image_width, image_height), jitter, smallest_side, random
    )
    shift = random.normal(0, jitter.translation_std, size=2)
    shift = shift.clip(-jitter.translation_limit, jitter.translation_limit) * square.width
    start = [
        math.floor((low + high - side + 1) / 2 + move)
        for low, high, move in zip(
            (square.left, square.top), (square.right, square.bottom), shift, strict=True
        )
    ]
    if lesion is not None:
        start[0] = min(max(start[0], lesion.right - side), lesion.left)
        start[1] = min(max(start[1], lesion.bottom - side), lesion.top)
    left = _moved_inside(start[0], side, image_width)
    top = _moved_inside(start[1], side, image_height)
    return Box(left, top, left + side, top + side)


def jitter_reach(square: Box, *, image_width: int, image_height: int, jitter: Jitter) -> Box:
    """Return the rectangle that no jittered box can leave, inside the image.

    Jittering inside this rectangle gives the same box as jittering inside the whole image.
    """
    largest = max(square.width, round(square.width * (1 + _largest_zoom(jitter) / 2)))
    largest = min(largest, image_width, image_height)
    reach = (largest - square.width) / 2 + jitter.translation_limit * square.width
    margin = math.ceil(reach) + 1  # 1: rounding of the jittered box's place
    left, right = _reached(square.left - margin, square.right + margin, largest, image_width)
    top, bottom = _reached(square.top - margin, square.bottom + margin, largest, image_height)
    return Box(left, top, right, bottom)


def _reached(start: int, end: int, largest: int, limit: int) -> tuple[int, int]:
    """Clip to the image, leaving room for the largest box that was moved back inside."""
    return min(max(start, 0), limit - largest), max(min(end, limit), largest)


def _largest_zoom(jitter: Jitter) -> float:
    return jitter.zoom_mean + jitter.zoom_limit


def _zoomed_side(
    square: Box, lesion: Box | None, limit: int, jitter: Jitter, smallest: int, random: "Generator"
) -> int:
    zoom = random.normal(jitter.zoom_mean, jitter.zoom_std)
    lowest = jitter.zoom_mean - jitter.zoom_limit
    side = round(square.width * (1 + min(max(zoom, lowest), _largest_zoom(jitter)) / 2))
    needed = 0 if lesion is None else lesion.larger_side
    return min(max(side, min(smallest, square.width), needed), limit)


def _moved_inside(start: int, length: int, limit: int) -> int:
    return min(max(start, 0), limit - length)
