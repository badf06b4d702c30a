"""From the outlines of an INbreast image to its lesions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from centre_node.mammography.boxes import Box, enclosing
from centre_node.mammography.dicom import DicomHeader
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Contour, Lesion, Skipped
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


@dataclass(frozen=True, slots=True)
class Findings:
    """What the outlines of an image give.

    Attributes:
        places_known: Every finding of the image is among the lesions, or it has none.
    """

    lesions: tuple[Lesion, ...]
    places_known: bool


@dataclass(frozen=True, slots=True)
class _Outlined:
    """A region with a place in the image."""

    kind: LesionKind
    is_spiculated: bool
    contour: Contour
    box: Box


def read_findings(
    path: Path, record: str, header: DicomHeader, birads: str, skipped: list[Skipped]
) -> Findings:
    """Read an image's outlines, which healthy images do without.

    Args:
        path: Of the outlines; there may be no such file.
        record: What `skipped` calls the image.
        birads: As in the table; empty where it is unknown.
        skipped: Gets what is left out.
    """
    try:
        regions = read_regions(path) if path.exists() else ()
    except BadMammogramsError:
        reason = "its outlines are no OsiriX property list that can be read"
        skipped.append(Skipped(record, reason))
        return Findings((), places_known=False)
    if not regions and birads != _HEALTHY:
        reason = "nothing is outlined in it, but it is not BI-RADS 1; no healthy patch is cut there"
        skipped.append(Skipped(record, reason))
        return Findings((), places_known=False)
    outlined = [
        _outlined(region, f"{record}, region {number}", header, skipped)
        for number, region in enumerate(regions, start=1)
    ]
    placed = [region for region in outlined if region is not None]
    return Findings(tuple(_lesions(placed, birads)), places_known=len(placed) == len(outlined))


def _outlined(
    region: Region, record: str, header: DicomHeader, skipped: list[Skipped]
) -> _Outlined | None:
    if region.points is None:
        skipped.append(Skipped(record, "it has no points, or one that is no (x, y)"))
        return None
    box = enclosing_box([region.points], width=header.width, height=header.height)
    if box is None:
        skipped.append(Skipped(record, "it has no outline inside the image"))
        return None
    if crosses_border([region.points], width=header.width, height=header.height):
        skipped.append(Skipped(record, "its outline leaves the image; its box is clipped"))
    name = region.name.casefold()
    kind = "calcification" if len(region.points) == 1 else _KINDS.get(name)
    if kind is None:
        skipped.append(Skipped(record, "it has no name that is known; it is read as other"))
    return _Outlined(kind or "other", name in _SPICULATED, region.points, box)


def _lesions(regions: Sequence[_Outlined], birads: str) -> Iterator[Lesion]:
    """Yield a lesion a region, in their order; a spiculated region joins the mass it overlaps."""
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
    for joined in parts.values():
        contours = tuple(region.contour for region in joined)
        box = enclosing([region.box for region in joined])
        yield Lesion(box, joined[0].kind, contours, birads=birads or None)


def _shared_px(box: Box, other: Box) -> int:
    """Return the pixels that two overlapping boxes share."""
    columns = min(box.right, other.right) - max(box.left, other.left)
    rows = min(box.bottom, other.bottom) - max(box.top, other.top)
    return columns * rows
