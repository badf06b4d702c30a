"""Writes regions as OsiriX saves them: a property list in XML."""

import plistlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Contour, Lesion, Mammogram
from centre_node.mammography.readers.outlines import enclosing_box

_POINT_TYPE, _OUTLINE_TYPE = 19, 15
_LARGEST_POINT_PX = 2
_CORE_SHARE = 0.7
_SPICULATED = ("Spiculated Region", "Espiculated Region", "Spiculated region")


@dataclass(frozen=True, slots=True)
class Region:
    """A named outline in pixels; the name is empty where there is none."""

    name: str
    points: Contour


def regions_of(mammogram: Mammogram) -> list[Region]:
    """Return the regions that outline a mammogram's lesions and what is excluded from it."""
    regions = [
        region for number, lesion in enumerate(mammogram.lesions) for region in _of(lesion, number)
    ]
    return regions + [Region("", _corners(box)) for box in mammogram.excluded]


def _of(lesion: Lesion, number: int) -> list[Region]:
    contours = lesion.contours or (_corners(lesion.box),)
    if lesion.kind == "calcification":
        if lesion.box.larger_side <= _LARGEST_POINT_PX:
            return [Region("Calcification", ((lesion.box.left, lesion.box.top),))]
        return [Region("Cluster", contour) for contour in contours]
    if lesion.kind == "other":
        return [Region("Asymmetry", contour) for contour in contours]
    spiculated = _SPICULATED[number % len(_SPICULATED)]
    if lesion.pathology == "malignant":
        contours = (_shrunk(contours[0]), *contours)
    mass, *others = contours
    return [Region("Mass", mass), *(Region(spiculated, contour) for contour in others)]


def _shrunk(contour: Contour) -> Contour:
    """Return the contour's core, around the same centre."""
    x0, y0 = _mean(contour)
    return tuple((x0 + _CORE_SHARE * (x - x0), y0 + _CORE_SHARE * (y - y0)) for x, y in contour)


def _corners(box: Box) -> Contour:
    right, bottom = box.right - 1, box.bottom - 1
    return ((box.left, box.top), (right, box.top), (right, bottom), (box.left, bottom))


def write_regions(
    path: Path,
    regions: Sequence[Region],
    *,
    pixels: NDArray[np.uint16],
    spacing_mm: float | None,
    with_millimetres: bool,
) -> None:
    """Write an image's regions.

    Args:
        pixels: As stored, shape (height, width).
        with_millimetres: Else, or where no spacing is known, every Point_mm is zero.
    """
    scale = spacing_mm if with_millimetres and spacing_mm is not None else 0.0
    entries = [_entry(region, n, pixels, scale) for n, region in enumerate(regions)]
    image = {"ImageIndex": 0, "NumberOfROIs": len(entries), "ROIs": entries}
    path.write_bytes(plistlib.dumps({"Images": [image]}))


def _entry(
    region: Region, number: int, pixels: NDArray[np.uint16], scale_mm: float
) -> dict[str, object]:
    entry = {
        "Area": _area_px(region.points) * (scale_mm / 10) ** 2,
        "Center": _place(_mean(region.points), scale_mm),
        "IndexInImage": number,
        "Name": region.name,
        "NumberOfPoints": len(region.points),
        "Point_mm": [_place(point, scale_mm) for point in region.points],
        "Point_px": [f"({x:.6f}, {y:.6f})" for x, y in region.points],
        "Type": _POINT_TYPE if len(region.points) == 1 else _OUTLINE_TYPE,
        **_greys(region.points, pixels),
    }
    return {key: value for key, value in entry.items() if key != "Name" or region.name}


def _greys(points: Contour, pixels: NDArray[np.uint16]) -> dict[str, float]:
    """Return what the grey values in the region's box are like, as stored."""
    height, width = pixels.shape
    box = enclosing_box([points], width=width, height=height) or Box(0, 0, 1, 1)
    greys = pixels[box.top : box.bottom, box.left : box.right].astype(np.float64)
    return {
        "Dev": float(greys.std()),
        "Max": float(greys.max()),
        "Mean": float(greys.mean()),
        "Min": float(greys.min()),
        "Total": float(greys.sum()),
    }


def _area_px(points: Contour) -> float:
    """Return the area of a polygon in square pixels."""
    columns, rows = np.asarray(points, dtype=np.float64).T
    twice = np.dot(columns, np.roll(rows, -1)) - np.dot(rows, np.roll(columns, -1))
    return abs(float(twice)) / 2


def _mean(points: Contour) -> tuple[float, float]:
    x, y = np.mean(points, axis=0)
    return float(x), float(y)


def _place(point: tuple[float, float], scale_mm: float) -> str:
    x, y = point
    return f"({x * scale_mm:.6f}, {y * scale_mm:.6f}, {0:.6f})"
