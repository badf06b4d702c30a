"""Cuts the patches of one mammogram, with what surrounds them."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box, enclosing, jitter_reach, patch_box, placed_anywhere
from centre_node.mammography.crops import cropped
from centre_node.mammography.errors import BadImageError, PatchDoesNotFitError
from centre_node.mammography.healthy import Look, alike_boxes, healthy_boxes
from centre_node.mammography.lengths import lengths_px, no_spacing
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.orientation import with_chest_wall_left
from centre_node.mammography.patch_records import BoxTuple, PatchRecord
from centre_node.mammography.pathology import pathology_of
from centre_node.mammography.scaling import scaling_doubt
from centre_node.mammography.tissue import background
from node_api.patches import PatchConfiguration
from shared.names import LesionKind

DARK_LEVEL, MOSTLY = 25, 0.5
MOSTLY_DARK = (
    "a healthy patch is mostly dark (more than half of its pixels are at most "
    f"{DARK_LEVEL} of 255) and is kept"
)
DOES_NOT_FIT = "lesion does not fit a square in its image"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to cut from a mammogram.

    Attributes:
        lesions: Kinds of lesions to cut.
        healthy: Number of healthy patches.
        sides: Sides in pixels that healthy squares may have, ascending.
        taken: Healthy squares that were cut before.
        looks: What healthy squares must look like; as many as `healthy`, or none.
        tolerance: Grey values by which they may differ from that.
    """

    lesions: tuple[LesionKind, ...]
    healthy: int
    sides: Sequence[int]
    taken: tuple[Box, ...] = ()
    looks: tuple[Look, ...] = ()
    tolerance: float = math.inf


@dataclass
class Cut:
    """What was cut: a record for each patch, and their bytes one behind the other.

    Attributes:
        skipped: What is to be said of patches, and how often.
        doubts: What is to be said of the image, once.
        is_readable: Whether the image could be opened.
        looks: Of the lesions' squares.
        unmet: Looks that no healthy square has.
    """

    records: list[PatchRecord] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    doubts: list[str] = field(default_factory=list)
    is_readable: bool = True
    looks: list[Look] = field(default_factory=list)
    unmet: list[Look] = field(default_factory=list)


def lesion_squares(
    mammogram: Mammogram,
    configuration: PatchConfiguration,
    kinds: tuple[LesionKind, ...],
    skipped: Counter[str],
) -> Iterator[tuple[Box, Lesion]]:
    """Yield the square of each lesion of the given kinds; count in `skipped` what has none.

    A lesion whose larger side does not fit the image's smaller one has no square. Where lesions lie
    anywhere in their squares, the same lesion always has the same place.
    """
    lengths = lengths_px(configuration, mammogram.pixel_spacing_mm)
    for lesion in mammogram.lesions:
        if lesion.kind not in kinds:
            continue
        if lengths is None:
            skipped[no_spacing(configuration)] += 1
            continue
        try:
            square = patch_box(
                lesion.box,
                image_width=mammogram.width,
                image_height=mammogram.height,
                margin=lengths.margin,
                smallest_side=lengths.smallest_side,
            )
        except PatchDoesNotFitError:
            skipped[DOES_NOT_FIT] += 1
        else:
            if configuration.lesion_position == "anywhere":
                square = placed_anywhere(
                    square,
                    lesion.box,
                    image_width=mammogram.width,
                    image_height=mammogram.height,
                    random=_chance_of(mammogram, lesion),
                )
            yield square, lesion


def _chance_of(mammogram: Mammogram, lesion: Lesion) -> np.random.Generator:
    """Return the chance that places a lesion: its own, whatever else is cut."""
    digest = hashlib.sha256(f"{mammogram.image_id} {lesion.box}".encode()).digest()
    return np.random.default_rng(list(digest))


def cut_mammogram(
    mammogram: Mammogram,
    wanted: Wanted,
    configuration: PatchConfiguration,
    random: np.random.Generator,
) -> Cut:
    """Open a mammogram and cut what is wanted; fewer healthy patches where there is no room.

    An image that cannot be read gives no patch, and its reason is told.
    """
    cut = Cut()
    try:
        pixels = mammogram.load()
    except BadImageError as error:
        cut.doubts.append(error.reason)
        cut.is_readable = False
        cut.unmet += wanted.looks
        return cut
    _doubt(cut, scaling_doubt(pixels))
    if configuration.chest_wall == "left":
        mammogram, pixels, doubt = with_chest_wall_left(mammogram, pixels)
        _doubt(cut, doubt)
    least = _smallest_side(mammogram, wanted, configuration)
    for square, lesion in lesion_squares(mammogram, configuration, wanted.lesions, Counter()):
        _add(cut, mammogram, pixels, configuration, square, least, lesion=lesion)
        cut.looks.append(Look(square.width, float(cropped(pixels, square).mean())))
    if wanted.healthy:
        _cut_healthy(cut, mammogram, pixels, wanted, configuration, random)
    return cut


def _cut_healthy(
    cut: Cut,
    mammogram: Mammogram,
    pixels: NDArray[np.uint8],
    wanted: Wanted,
    configuration: PatchConfiguration,
    random: np.random.Generator,
) -> None:
    empty, doubt = background(pixels, configuration)
    _doubt(cut, doubt)
    keeps_background = configuration.tissue == "breast_mask"
    least = _smallest_side(mammogram, wanted, configuration)
    if wanted.looks:
        squares = _alike_squares(cut, mammogram, pixels, empty, wanted, configuration, random)
    else:
        squares = _healthy_squares(mammogram, empty, wanted, configuration, random)
    for square in squares:
        stored = empty if keeps_background else None
        _add(cut, mammogram, pixels, configuration, square, least, empty=stored)
        if np.mean(cropped(pixels, square) <= DARK_LEVEL) > MOSTLY:
            cut.skipped[MOSTLY_DARK] += 1


def _doubt(cut: Cut, doubt: str | None) -> None:
    if doubt is not None:
        cut.doubts.append(doubt)


def _smallest_side(
    mammogram: Mammogram, wanted: Wanted, configuration: PatchConfiguration
) -> int | None:
    """Return the image's smallest side where that is given in mm, else None.

    Healthy patches come from images without a spacing too; there it is the least that they have.
    """
    if configuration.smallest_side_mm is None:
        return None
    lengths = lengths_px(configuration, mammogram.pixel_spacing_mm)
    return min(wanted.sides, default=None) if lengths is None else lengths.smallest_side


def _healthy_squares(
    mammogram: Mammogram,
    empty: NDArray[np.bool_],
    wanted: Wanted,
    configuration: PatchConfiguration,
    random: np.random.Generator,
) -> list[Box]:
    """Place squares whose sides are drawn from those of the lesions."""
    limit = min(mammogram.width, mammogram.height)
    fitting = [side for side in wanted.sides if side <= limit]
    placed: list[Box] = []
    while fitting and len(placed) < wanted.healthy:
        placed += healthy_boxes(
            empty,
            forbidden=_annotations(mammogram),
            taken=(*wanted.taken, *placed),
            sides=[int(side) for side in random.choice(fitting, wanted.healthy - len(placed))],
            largest_background_share=configuration.largest_background_share,
            random=random,
        )
        fitting = fitting[: len(fitting) // 2]  # what had no place is tried smaller
    return placed


def _alike_squares(
    cut: Cut,
    mammogram: Mammogram,
    pixels: NDArray[np.uint8],
    empty: NDArray[np.bool_],
    wanted: Wanted,
    configuration: PatchConfiguration,
    random: np.random.Generator,
) -> list[Box]:
    """Place squares that look as wanted, and note in `cut` the looks that have no place."""
    boxes = alike_boxes(
        empty,
        pixels,
        forbidden=_annotations(mammogram),
        taken=wanted.taken,
        looks=wanted.looks,
        tolerance=wanted.tolerance,
        largest_background_share=configuration.largest_background_share,
        random=random,
    )
    cut.unmet += [look for look, box in zip(wanted.looks, boxes, strict=True) if box is None]
    return [box for box in boxes if box is not None]


def _add(
    cut: Cut,
    mammogram: Mammogram,
    pixels: NDArray[np.uint8],
    configuration: PatchConfiguration,
    square: Box,
    smallest_side: int | None,
    *,
    lesion: Lesion | None = None,
    empty: NDArray[np.bool_] | None = None,
) -> None:
    around = jitter_reach(
        square,
        image_width=mammogram.width,
        image_height=mammogram.height,
        jitter=configuration.jitter,
    )
    if lesion is not None and configuration.lesion_position == "anywhere":
        around = enclosing([around, _with_lesion_in_the_middle(square, lesion, mammogram)])
    record = _record(
        cut,
        mammogram,
        square,
        around,
        smallest_side,
        lesion=lesion,
        has_background=empty is not None,
    )
    cut.records.append(record)
    cut.pieces.append(cropped(pixels, around).tobytes())
    if empty is not None:
        covered = empty[around.top : around.bottom, around.left : around.right]
        cut.pieces.append(np.packbits(covered).tobytes())


def _with_lesion_in_the_middle(square: Box, lesion: Lesion, mammogram: Mammogram) -> Box:
    """Return a square of that size around a lesion: what painting takes it from."""
    return patch_box(
        lesion.box,
        image_width=mammogram.width,
        image_height=mammogram.height,
        margin=0,
        smallest_side=square.width,
    )


def _record(
    cut: Cut,
    mammogram: Mammogram,
    square: Box,
    around: Box,
    smallest_side: int | None,
    *,
    lesion: Lesion | None,
    has_background: bool,
) -> PatchRecord:
    """Return the record of a patch that comes after those of `cut`; what is in it is relative."""
    annotated = _annotations(mammogram) if lesion is None else []
    return PatchRecord(
        label=0 if lesion is None else 1,
        kind=None if lesion is None else lesion.kind,
        pathology=None if lesion is None else pathology_of(lesion),
        patient_id=mammogram.patient_id,
        image_id=mammogram.image_id,
        laterality=mammogram.laterality,
        view=mammogram.view,
        density=mammogram.density,
        left=around.left,
        top=around.top,
        width=around.width,
        height=around.height,
        offset=cut.records[-1].end if cut.records else 0,
        has_background=has_background,
        square=_relative(square, around),
        lesion=None if lesion is None else _relative(lesion.box, around),
        contours=() if lesion is None else _relative_contours(lesion, around),
        forbidden=tuple(_relative(box, around) for box in annotated if box.overlaps(around)),
        smallest_side=smallest_side,
    )


def _annotations(mammogram: Mammogram) -> list[Box]:
    return [*(lesion.box for lesion in mammogram.lesions), *mammogram.excluded]


def _relative(box: Box, origin: Box) -> BoxTuple:
    moved = box.moved(-origin.left, -origin.top)
    return (moved.left, moved.top, moved.right, moved.bottom)


def _relative_contours(lesion: Lesion, origin: Box) -> tuple[tuple[float, ...], ...]:
    return tuple(
        tuple(value for x, y in contour for value in (x - origin.left, y - origin.top))
        for contour in lesion.contours
    )
