"""From the outlines of a BCDR image to its lesions."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from centre_node.mammography.mammograms import (
    Contour,
    Finding,
    Lesion,
    Mammogram,
    Skipped,
    Unplaced,
)
from centre_node.mammography.readers.bcdr_tables import FLAGS, Record
from centre_node.mammography.readers.outlines import crosses_border, enclosing_box
from centre_node.mammography.readers.values import known
from shared.names import LesionKind

MALIGN = "malign"

_NUMBER = re.compile(r"-?[0-9]{1,6}")
_PATHOLOGIES = {"benign": "benign", MALIGN: "malignant"}


@dataclass(frozen=True, slots=True)
class _Outline:
    """A row of the outlines whose contour holds a pixel of the image."""

    name: str
    row: Mapping[str, str]
    contour: Contour


def findings_of(record: Record, image: Mammogram, skipped: list[Skipped]) -> Iterator[Finding]:
    """Yield what the outlines of an image give, joined to lesions.

    What only the outlines of a copy show is tissue that neither class may touch.

    Args:
        skipped: Gets what is changed.
    """
    outlines = [_outline(name, row, image, skipped) for name, row in record.outlines.items()]
    yield from (outline for outline in outlines if isinstance(outline, Unplaced))
    placed = [outline for outline in outlines if isinstance(outline, _Outline)]
    lesions = list(_lesions(placed, image, skipped))
    yield from lesions
    known_boxes = {lesion.box for lesion in lesions}
    for copy in record.copies:
        for finding in findings_of(copy, image, []):
            if not isinstance(finding, Lesion):
                yield finding
            elif finding.box not in known_boxes:
                yield finding.box


def _outline(
    name: str, row: Mapping[str, str], image: Mammogram, skipped: list[Skipped]
) -> _Outline | Unplaced:
    contour = _contour(row["lw_x_points"].split(), row["lw_y_points"].split())
    if contour is None:
        return Unplaced(name, "its points are no whole numbers, or not as many for x as for y")
    if enclosing_box([contour], width=image.width, height=image.height) is None:
        return Unplaced(name, "it has no outline inside the image")
    if crosses_border([contour], width=image.width, height=image.height):
        skipped.append(Skipped(name, "its outline leaves the image; its box is clipped"))
    return _Outline(name, row, contour)


def _lesions(
    outlines: Sequence[_Outline], image: Mammogram, skipped: list[Skipped]
) -> Iterator[Lesion]:
    lesions: dict[str, list[_Outline]] = defaultdict(list)
    for outline in outlines:
        # Without a number each outline is a lesion of its own.
        lesions[known(outline.row["lesion_id"]) or outline.name].append(outline)
    for parts in lesions.values():
        contours = tuple(part.contour for part in parts)
        box = enclosing_box(contours, width=image.width, height=image.height)
        assert box is not None  # each contour has one
        yield Lesion(box, _kind(parts), contours, _pathology(parts, skipped))


def _contour(columns: Sequence[str], rows: Sequence[str]) -> Contour | None:
    are_numbers = all(_NUMBER.fullmatch(text) for text in (*columns, *rows))
    if not columns or len(columns) != len(rows) or not are_numbers:
        return None
    return tuple((float(x), float(y)) for x, y in zip(columns, rows, strict=True))


def _kind(parts: Sequence[_Outline]) -> LesionKind:
    nodule, *calcifications = (any(part.row[flag] == "1" for part in parts) for flag in FLAGS)
    if nodule:
        return "mass"
    return "calcification" if any(calcifications) else "other"


def _pathology(parts: Sequence[_Outline], skipped: list[Skipped]) -> str | None:
    """Return malignant where one outline's row says so."""
    classes = {part.name: known(part.row.get("classification", "")).lower() for part in parts}
    for name, text in classes.items():
        if text and text not in _PATHOLOGIES:
            reason = "its classification is neither Benign nor Malign; it is read as unknown"
            skipped.append(Skipped(name, reason))
    found = {_PATHOLOGIES[text] for text in classes.values() if text in _PATHOLOGIES}
    return max(found, default=None)  # benign < malignant
