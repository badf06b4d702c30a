"""From the outlines of an INbreast image to its lesions."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from centre_node.mammography.boxes import Box, enclosing
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import (
    Finding,
    Lesion,
    Mammogram,
    Skipped,
    Unplaced,
)
from centre_node.mammography.readers.data_folder import OUTSIDE, DataFolder
from centre_node.mammography.readers.inbreast_clusters import Outlined, clustered
from centre_node.mammography.readers.osirix import Region, read_regions
from centre_node.mammography.readers.outlines import crosses_border, enclosing_box
from shared.names import LesionKind

_KINDS: dict[str, LesionKind] = {
    "calcification": "calcification",
    "calcifications": "calcification",
    "cluster": "calcification",
    "mass": "mass",
    "spiculated region": "mass",
    "espiculated region": "mass",
    "distortion": "other",
    "asymmetry": "other",
    "assymetry": "other",
}
_SPICULATED = ("spiculated region", "espiculated region")
_HEALTHY = "1"


def outlines_of(files: DataFolder, path: Path) -> tuple[Region, ...] | str:
    """Return the regions of an image, or as text why they are not known; healthy ones have none."""
    found = files.find(path)
    if found == OUTSIDE:
        return "its outlines lie outside the folder"
    # What is there and no file, such as a link that leads nowhere, is no image without outlines.
    if isinstance(found, str) and not os.path.lexists(path):
        return ()
    try:
        return read_regions(path if isinstance(found, str) else found)
    except BadMammogramsError:
        return "its outlines are no OsiriX property list that can be read"


def findings_of(
    regions: tuple[Region, ...] | str,
    image: Mammogram,
    record: str,
    birads: str,
    cluster_mm: float,
    skipped: list[Skipped],
) -> Iterator[Finding]:
    """Yield what an image shows.

    Args:
        regions: As `outlines_of` returns them.
        record: What `skipped` calls the image.
        birads: As in the table; empty where it is unknown.
        cluster_mm: Points as near as this to another calcification are one lesion with it.
        skipped: Gets what is changed.
    """
    if isinstance(regions, str):
        yield Unplaced(record, regions)
        return
    if not regions and birads != _HEALTHY:
        reason = "nothing is outlined in it, but it is not BI-RADS 1; no healthy patch is cut there"
        yield Unplaced(record, reason)
    outlined = [
        _outlined(region, f"{record}, region {number}", image, skipped)
        for number, region in enumerate(regions, start=1)
    ]
    yield from (region for region in outlined if isinstance(region, Unplaced))
    placed = [region for region in outlined if isinstance(region, Outlined)]
    distance_px = _distance_px(cluster_mm, image, record, skipped)
    for parts in clustered(_with_spiculations(placed), distance_px):
        contours = tuple(part.contour for part in parts)
        box = enclosing([part.box for part in parts])
        yield Lesion(box, parts[0].kind, contours, birads=birads or None)


def _distance_px(cluster_mm: float, image: Mammogram, record: str, skipped: list[Skipped]) -> float:
    """Return how near points are one lesion; 0 where each is one of its own."""
    if cluster_mm and image.pixel_spacing_mm is None:
        skipped.append(Skipped(record, "it has no pixel spacing; its points stay apart"))
    return cluster_mm / image.pixel_spacing_mm if image.pixel_spacing_mm else 0


def _outlined(
    region: Region, record: str, image: Mammogram, skipped: list[Skipped]
) -> Outlined | Unplaced:
    if region.points is None:
        return Unplaced(record, "it has no points, or one that is no (x, y)")
    box = enclosing_box([region.points], width=image.width, height=image.height)
    if box is None:
        return Unplaced(record, "it has no outline inside the image")
    if crosses_border([region.points], width=image.width, height=image.height):
        skipped.append(Skipped(record, "its outline leaves the image; its box is clipped"))
    name = region.name.casefold()
    kind = "calcification" if len(region.points) == 1 else _KINDS.get(name)
    if kind is None:
        skipped.append(Skipped(record, "it has no name that is known; it is read as other"))
    return Outlined(kind or "other", name in _SPICULATED, region.points, box)


def _with_spiculations(regions: Sequence[Outlined]) -> list[list[Outlined]]:
    """Return each region as a lesion, in their order; spiculation joins the mass it overlaps."""
    parts = {index: [region] for index, region in enumerate(regions)}
    masses = {
        index: region
        for index, region in enumerate(regions)
        if region.kind == "mass" and not region.is_spiculated
    }
    for index, region in enumerate(regions):
        touching = [n for n, mass in masses.items() if mass.box.overlaps(region.box)]
        if region.kind == "mass" and region.is_spiculated and touching:
            nearest = max(touching, key=lambda n: _shared_px(masses[n].box, region.box))
            parts[nearest] += parts.pop(index)
    return list(parts.values())


def _shared_px(box: Box, other: Box) -> int:
    """Return the pixels that two overlapping boxes share."""
    columns = min(box.right, other.right) - max(box.left, other.left)
    rows = min(box.bottom, other.bottom) - max(box.top, other.top)
    return columns * rows
