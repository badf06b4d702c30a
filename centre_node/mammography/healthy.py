"""Where healthy patches are cut: tissue, no annotation, no two nearly alike."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box

CANDIDATES = 400
NEAREST_CENTRES = 0.5
GIVE_UP_AFTER = 12

Rows = NDArray[np.int64]
"""Boxes as rows of left, top, right, bottom; shape (n, 4)."""


class Look(NamedTuple):
    """What a square has in common with another before anyone looks into it.

    Attributes:
        side: In pixels.
        brightness: Its mean grey value, 0 to 255.
    """

    side: int
    brightness: float


def healthy_boxes(
    background: NDArray[np.bool_],
    *,
    forbidden: Sequence[Box],
    taken: Sequence[Box] = (),
    sides: Sequence[int],
    largest_background_share: float,
    random: np.random.Generator,
) -> list[Box]:
    """Return at most one square per wanted side, at random places of one mammogram.

    A square holds at most the allowed share of background, touches no forbidden box, and its
    centre is at least half a side away from the centre of any square placed before, so that no two
    patches are nearly the same. A side for which no place is found is left out; after 12 such sides
    in a row the mammogram counts as full.

    Args:
        background: Which pixels of the mammogram are no tissue, shape (height, width).
        forbidden: Every annotation.
        taken: Healthy squares that the mammogram already has.
        sides: Wanted sides in pixels.
        largest_background_share: Share of a square, 0 to 1, that may be background.

    Source: paper section 2.2, paragraph 1.
    Deviation: sides are drawn from those of the lesion squares by the caller; the published code's
    healthy crops were far smaller than its lesion crops, so that sharpness told the classes apart.
    """
    # Sums above and left of each pixel, shape (height + 1, width + 1).
    integral = np.asarray(cv2.integral(background.view(np.uint8)), dtype=np.int32)
    placed = list(taken)
    failed = 0
    for side in sides:
        box = _first_free(
            _candidates(integral, side, largest_background_share, random), forbidden, placed
        )
        failed = failed + 1 if box is None else 0
        if box is not None:
            placed.append(box)
        elif failed == GIVE_UP_AFTER:
            break
    return placed[len(taken) :]


def alike_boxes(
    background: NDArray[np.bool_],
    pixels: NDArray[np.uint8],
    *,
    forbidden: Sequence[Box],
    taken: Sequence[Box],
    looks: Sequence[Look],
    tolerance: float,
    largest_background_share: float,
    random: np.random.Generator,
) -> list[Box | None]:
    """Return for each look the square that comes nearest to it, or None where none comes near.

    The same rules hold as for `healthy_boxes`. Without this, a classifier tells many masses from
    healthy tissue by brightness: a mass is denser than most of the breast, and healthy squares
    fall anywhere in it.

    Args:
        background: Which pixels of the mammogram are no tissue, shape (height, width).
        pixels: The mammogram, 8 bit, shape (height, width).
        tolerance: Grey values by which a square's mean may differ from the look's.
    """
    integral = np.asarray(cv2.integral(background.view(np.uint8)), dtype=np.int32)
    greys = cv2.integral(pixels, sdepth=cv2.CV_64F)
    placed, found = list(taken), list[Box | None]()
    for look in looks:
        rows = _candidates(integral, look.side, largest_background_share, random)
        rows = rows[_free(rows, forbidden, placed)]
        apart = np.abs(_sums(greys, rows) / look.side**2 - look.brightness)
        box = _box(rows[apart.argmin()]) if len(rows) and apart.min() <= tolerance else None
        found.append(box)
        placed += [] if box is None else [box]
    return found


def shared_out(
    count: int, images: Mapping[str, str], *, random: np.random.Generator
) -> dict[str, int]:
    """Share healthy patches out evenly over patients, and each patient's over their images.

    Args:
        images: Patient id of each image id.

    Returns:
        Patches of each image id, in all `count`.
    """
    of_patient: dict[str, list[str]] = {}
    for image in sorted(images):
        of_patient.setdefault(images[image], []).append(image)
    quotas: dict[str, int] = {}
    for patient, share in _evenly(count, sorted(of_patient), random).items():
        quotas |= _evenly(share, of_patient[patient], random)
    return quotas


def _evenly(count: int, names: Sequence[str], random: np.random.Generator) -> dict[str, int]:
    share, remainder = divmod(count, len(names))
    rank = random.permutation(len(names))
    return {name: share + int(rank[index] < remainder) for index, name in enumerate(names)}


def _candidates(
    integral: NDArray[np.int32], side: int, largest_share: float, random: np.random.Generator
) -> Rows:
    height, width = integral.shape[0] - 1, integral.shape[1] - 1
    if side > min(height, width):
        return np.empty((0, 4), dtype=np.int64)
    left = random.integers(0, width - side + 1, CANDIDATES)
    top = random.integers(0, height - side + 1, CANDIDATES)
    boxes = np.stack([left, top, left + side, top + side], axis=1)
    return boxes[_sums(integral, boxes) <= largest_share * side * side]


def _sums(integral: NDArray[Any], boxes: Rows) -> NDArray[Any]:
    """Return the sum over each box, from the sums above and left of each pixel; shape (n,)."""
    left, top, right, bottom = boxes.T
    sums: NDArray[Any] = (
        integral[bottom, right]
        - integral[top, right]
        - integral[bottom, left]
        + integral[top, left]
    )
    return sums


def _first_free(boxes: Rows, forbidden: Sequence[Box], placed: Sequence[Box]) -> Box | None:
    free = _free(boxes, forbidden, placed)
    return _box(boxes[free.argmax()]) if free.any() else None


def _free(boxes: Rows, forbidden: Sequence[Box], placed: Sequence[Box]) -> NDArray[np.bool_]:
    return ~_touching(boxes, _rows(forbidden)) & ~_near(boxes, _rows(placed))


def _box(row: Rows) -> Box:
    left, top, right, bottom = (int(edge) for edge in row)
    return Box(left, top, right, bottom)


def _touching(boxes: Rows, others: Rows) -> NDArray[np.bool_]:
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])  # (boxes, others, 2)
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    touching: NDArray[np.bool_] = np.any(np.all(low < high, axis=2), axis=1)
    return touching


def _near(boxes: Rows, others: Rows) -> NDArray[np.bool_]:
    doubled = (boxes[:, :2] + boxes[:, 2:])[:, None] - (others[:, :2] + others[:, 2:])[None]
    distance = np.abs(doubled).max(axis=2) / 2  # (boxes, others)
    sides = np.maximum((boxes[:, 2] - boxes[:, 0])[:, None], (others[:, 2] - others[:, 0])[None])
    near: NDArray[np.bool_] = np.any(distance < NEAREST_CENTRES * sides, axis=1)
    return near


def _rows(boxes: Sequence[Box]) -> Rows:
    rows = [(box.left, box.top, box.right, box.bottom) for box in boxes]
    return np.asarray(rows, dtype=np.int64).reshape(-1, 4)
