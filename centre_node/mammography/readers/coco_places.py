"""Where a COCO annotation is: what its polygons or its mask outline, else its box."""

import math
from dataclasses import dataclass
from typing import TypeGuard

from centre_node.mammography.boxes import Box, enclosing
from centre_node.mammography.mammograms import Contour
from centre_node.mammography.readers.coco_records import AnnotationRecord, ImageRecord
from centre_node.mammography.readers.outlines import enclosing_box

_FEWEST_NUMBERS = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where an annotation is.

    Attributes:
        box: None where no place inside the image is known.
        is_whole: No part of it has a place that is not known.
    """

    box: Box | None
    contours: tuple[Contour, ...] = ()
    is_whole: bool = True


def place_of(annotation: AnnotationRecord, image: ImageRecord) -> Place:
    """Return an annotation's place, clipped to the image."""
    box = _told_box(annotation, image)
    segmentation = annotation.segmentation
    if isinstance(segmentation, dict):
        # Here, not above: masks need an array library, which boxes and polygons do without.
        from centre_node.mammography.readers.run_lengths import mask_outlines

        outlines = mask_outlines(segmentation, image.width, image.height)
        return Place(box) if outlines is None else Place(*outlines)
    if isinstance(segmentation, list):
        return _outlined(segmentation, box, image)
    return Place(box)


def _told_box(annotation: AnnotationRecord, image: ImageRecord) -> Box | None:
    if annotation.bbox is None:
        return None
    left, top, width, height = annotation.bbox
    if not (width > 0 and height > 0):
        return None
    right, bottom = math.ceil(left + width), math.ceil(top + height)
    return Box(math.floor(left), math.floor(top), right, bottom).clipped(image.width, image.height)


def _outlined(parts: list[object], told: Box | None, image: ImageRecord) -> Place:
    """Return the place of the polygons; where one is broken, the box tells what it outlined."""
    polygons = [part for part in parts if _is_polygon(part)]
    contours = tuple(_contour(polygon) for polygon in polygons if len(polygon) >= _FEWEST_NUMBERS)
    box = enclosing_box(contours, width=image.width, height=image.height) if contours else None
    if box is None:
        return Place(told)
    is_whole = len(polygons) == len(parts)
    if is_whole or told is None:
        return Place(box, contours, is_whole=is_whole)
    return Place(enclosing([box, told]), contours)


def _is_polygon(part: object) -> TypeGuard[list[float]]:
    return (
        isinstance(part, list)
        and len(part) % 2 == 0
        and all(isinstance(value, int | float) and math.isfinite(value) for value in part)
    )


def _contour(polygon: list[float]) -> Contour:
    return tuple(zip(map(float, polygon[::2]), map(float, polygon[1::2]), strict=True))
