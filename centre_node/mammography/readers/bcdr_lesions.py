"""From the outlines of a BCDR image to its lesions."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from centre_node.mammography.mammograms import Contour, Lesion, Skipped
from centre_node.mammography.readers.bcdr_tables import FLAGS, Record, known
from centre_node.mammography.readers.outlines import crosses_border, enclosing_box
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


@dataclass(frozen=True, slots=True)
class Findings:
    """What the outlines of an image give.

    Attributes:
        places_known: Every outline is a part of one of the lesions.
    """

    lesions: tuple[Lesion, ...]
    places_known: bool


def read_findings(record: Record, width: int, height: int, skipped: list[Skipped]) -> Findings:
    """Join the outlines of an image of width x height px to lesions.

    Args:
        skipped: Gets what is left out.
    """
    outlines = list(_outlines(record, width, height, skipped))
    lesions: dict[str, list[_Outline]] = defaultdict(list)
    for outline in outlines:
        # Without a number each outline is a lesion of its own.
        lesions[known(outline.row["lesion_id"]) or outline.name].append(outline)
    return Findings(
        tuple(_lesion(parts, width, height, skipped) for parts in lesions.values()),
        places_known=len(outlines) == len(record.outlines),
    )


def _outlines(
    record: Record, width: int, height: int, skipped: list[Skipped]
) -> Iterator[_Outline]:
    for name, row in record.outlines.items():
        contour = _contour(row["lw_x_points"].split(), row["lw_y_points"].split())
        if contour is None:
            reason = "its points are no whole numbers, or not as many for x as for y"
            skipped.append(Skipped(name, reason))
        elif enclosing_box([contour], width=width, height=height) is None:
            skipped.append(Skipped(name, "it has no outline inside the image"))
        else:
            if crosses_border([contour], width=width, height=height):
                skipped.append(Skipped(name, "its outline leaves the image; its box is clipped"))
            yield _Outline(name, row, contour)


def _contour(columns: Sequence[str], rows: Sequence[str]) -> Contour | None:
    are_numbers = all(_NUMBER.fullmatch(text) for text in (*columns, *rows))
    if not columns or len(columns) != len(rows) or not are_numbers:
        return None
    return tuple((float(x), float(y)) for x, y in zip(columns, rows, strict=True))


def _lesion(parts: Sequence[_Outline], width: int, height: int, skipped: list[Skipped]) -> Lesion:
    contours = tuple(part.contour for part in parts)
    box = enclosing_box(contours, width=width, height=height)
    assert box is not None  # each contour has one
    return Lesion(box, _kind(parts), contours, _pathology(parts, skipped))


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
