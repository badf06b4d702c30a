"""From the marks on an OPTIMAM image to its lesions."""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from centre_node.mammography.boxes import Box, enclosing
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.readers.imagedb import ListedImage
from centre_node.mammography.readers.nbss import NbssRecord
from shared.names import LesionKind

_CORNERS = ("X1", "Y1", "X2", "Y2")

Mark = Mapping[str, Any]


def read_lesions(
    image: ListedImage, record: NbssRecord, mammogram: Mammogram
) -> tuple[tuple[Lesion, ...], bool]:
    """Return an image's lesions, and whether every mark is among them.

    Marks of one lesion are one: a mass if one of them is, in the box around them all. What is known
    of the lesion in the client's record is its pathology, else benign if a mark says so.
    """
    width, height, side = mammogram.width, mammogram.height, mammogram.laterality
    groups: dict[str, list[Mark]] = defaultdict(list)
    for number, mark in enumerate(image.marks):
        groups[str(mark.get("LesionID") or f"mark {number}")].append(mark)
    is_complete = not image.has_other_marks
    lesions = []
    for marks in groups.values():
        boxes = [box for mark in marks if (box := _box(mark, width, height)) is not None]
        is_complete &= len(boxes) == len(marks)
        if boxes:
            pathology = _pathology(marks, record, image.episode, side)
            lesions.append(Lesion(enclosing(boxes), _kind(marks), pathology=pathology))
    return tuple(lesions), is_complete


def _box(mark: Mark, width: int, height: int) -> Box | None:
    """Return the pixels from one corner to the opposite, both included, clipped to the image."""
    corners = [_number(mark.get(key)) for key in _CORNERS]
    if not all(map(math.isfinite, corners)):
        return None
    (left, right), (top, bottom) = sorted(corners[::2]), sorted(corners[1::2])
    box = Box(math.floor(left), math.floor(top), math.floor(right) + 1, math.floor(bottom) + 1)
    return box.clipped(width, height)


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return math.nan


def _kind(marks: Sequence[Mark]) -> LesionKind:
    if _is_set(marks, "Mass"):
        return "mass"
    if _is_set(marks, "WithCalcification") or _is_set(marks, "SuspiciousCalcifications"):
        return "calcification"
    return "other"


def _is_set(marks: Sequence[Mark], flag: str) -> bool:
    """Tell whether a mark has the flag: any value that is not empty."""
    return any(str(mark.get(flag) or "").strip() for mark in marks)


def _pathology(
    marks: Sequence[Mark], record: NbssRecord, episode: str | None, side: Literal["L", "R"] | None
) -> str | None:
    links = ",".join(str(mark.get("LinkedNBSSLesionNumber") or "") for mark in marks)
    numbers = [str(int(number)) for number in re.findall(r"\d+", links)]
    pathology = record.pathology(episode, side, numbers) if numbers else None
    if pathology is None and _is_set(marks, "BenignClassification"):
        return "benign"
    return pathology
