"""What the row of a table of boxes says of its image: lesions, excluded tissue, or no place."""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import NO_PLACE, Finding, Lesion, Skipped, Unplaced
from centre_node.mammography.readers.table_choices import TableChoices
from centre_node.mammography.readers.table_fields import CORNER_AND_SIZE, CORNERS, Field
from centre_node.mammography.readers.table_file import Row
from centre_node.mammography.readers.table_values import (
    birads_grade,
    boxes_in,
    lesion_kind,
    number,
    outcome,
    says_no_finding,
)

TOO_LONG = "it has more cells than the header, so none is sure to be in its column"
NO_BOX = "it has no box and does not say in words that there is no finding"
NO_NUMBERS = "its box is not given in numbers"
NO_AREA = "its box has no area"
IN_SHARES = "its box is in shares of the image, not in pixels"
OTHER_SIZE = "the table tells another size of its image than the file has"
NOT_CLEAR = "it says that there is no finding, but its BI-RADS is not 1"
BOX_WITHOUT_FINDING = (
    "it has a box and says that there is no finding; neither class may touch the box"
)
REACHES_OUT = "its box reaches outside the image and is cut off there"
UNKNOWN_KIND = "its kind is none that is known; it is read as other"
UNKNOWN_PATHOLOGY = "its pathology is neither benign nor malignant; it is read as unknown"

_Edges = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_IN_WORDS: tuple[Field, ...] = ("kind", "pathology")
_KINDS = ("mass", "calcification", "other")


class RowReader:
    """Reads rows as the centre says; what it changes is added to `skipped`."""

    def __init__(self, choices: TableChoices, skipped: list[Skipped]) -> None:
        self._choices = choices
        self._skipped = skipped

    def findings(self, rows: Iterable[Row], width: int, height: int) -> list[Finding]:
        """Return what the rows of an image of width x height px say is in it.

        One box in several rows is one lesion.
        """
        found = [part for row in rows for part in self._findings(row, width, height)]
        lesions: dict[Box, Lesion] = {}
        for part in found:
            if isinstance(part, Lesion):
                lesions[part.box] = _joined(lesions.get(part.box), part)
        return [*lesions.values(), *(part for part in found if not isinstance(part, Lesion))]

    def _findings(self, row: Row, width: int, height: int) -> Iterator[Finding]:
        record = f"row {row.number}"
        edges = _edges(row)
        is_clear = _is_clear(row, self._choices.no_finding)
        if row.is_too_long:
            yield Unplaced(record, TOO_LONG)
        elif isinstance(edges, str):
            yield Unplaced(record, edges)
        elif not edges and not is_clear:
            yield Unplaced(record, NO_BOX)
        elif not edges and not _may_be_healthy(row):
            yield Unplaced(record, NOT_CLEAR)
        elif edges and _is_of_another_size(row, edges, width, height):
            yield Unplaced(record, OTHER_SIZE)
        else:
            for one in edges:
                yield self._finding(row, one, width, height)

    def _finding(self, row: Row, edges: _Edges, width: int, height: int) -> Finding:
        left, top, right, bottom = edges
        whole = Box(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
        box = whole.clipped(width, height)
        if box is None:
            return Unplaced(f"row {row.number}", NO_PLACE)
        if box != whole:
            self._note(row, REACHES_OUT)
        if _is_clear(row, list(filter(None, self._choices.no_finding))):
            self._note(row, BOX_WITHOUT_FINDING)
            return box
        return self._lesion(row, box)

    def _lesion(self, row: Row, box: Box) -> Lesion | Box:
        kind, is_known = lesion_kind(row.text("kind"), self._choices.kinds)
        if "kind" not in row.columns.places:
            kind, is_known = self._choices.kind_of_every_box or "other", True
        if not is_known:
            self._note(row, UNKNOWN_KIND)
        if kind == "excluded":
            return box
        pathology = outcome(row.text("pathology"))
        if pathology is None and row.text("pathology"):
            self._note(row, UNKNOWN_PATHOLOGY)
        return Lesion(box, kind, pathology=pathology, birads=birads_grade(row.text("birads")))

    def _note(self, row: Row, reason: str) -> None:
        self._skipped.append(Skipped(f"row {row.number}", reason))


def _joined(lesion: Lesion | None, other: Lesion) -> Lesion:
    """Return one lesion of two in the same box: of the kind that comes first, mass before all."""
    if lesion is None:
        return other
    return min(lesion, other, key=lambda one: _KINDS.index(one.kind))


def _is_clear(row: Row, own: Collection[str]) -> bool:
    """Tell whether a row says in words that there is nothing: its kind, else its pathology."""
    for field in _IN_WORDS:
        if says_no_finding(row.raw(field), own):
            return True
        if row.text(field):
            return False
    return False


def _may_be_healthy(row: Row) -> bool:
    """Tell whether no BI-RADS is given but 1; a benign finding may be left without a box."""
    grades = [birads_grade(row.text(field)) for field in ("breast_birads", "birads")]
    return all(grade in (None, "1") for grade in grades)


def _edges(row: Row) -> list[_Edges] | str:
    """Return the boxes of a row, none where its cells are empty, or why they cannot be used."""
    listed = boxes_in(row.text("boxes")) if "boxes" in row.columns.places else _one_box(row)
    if listed is None:
        return NO_NUMBERS
    if any(right <= left or bottom <= top for left, top, right, bottom in listed):
        return NO_AREA
    if any(max(map(abs, edges)) <= 1 for edges in listed):
        return IN_SHARES
    return listed


def _one_box(row: Row) -> list[_Edges] | None:
    has_corners = all(field in row.columns.places for field in CORNERS)
    cells = [row.text(field) for field in (CORNERS if has_corners else CORNER_AND_SIZE)]
    values = [value for cell in cells if (value := number(cell)) is not None]
    if not any(cells):
        return []
    if len(values) < len(cells):
        return None
    if len(set(values)) == 1 and values[0] in (0, -1):
        return []  # how some tables write that there is none
    first, second, third, fourth = values
    if has_corners:
        return [(first, second, third, fourth)]
    return [(first, second, first + third, second + fourth)]


def _is_of_another_size(row: Row, edges: Sequence[_Edges], width: int, height: int) -> bool:
    """Tell whether the boxes are in pixels of another image, such as before it was made smaller."""
    told = number(row.text("image_width")), number(row.text("image_height"))
    if told[0] is None or told[1] is None or told == (width, height):
        return False
    left, top, right, bottom = edges[0]
    is_of_box = abs(told[0] - (right - left)) <= 1 and abs(told[1] - (bottom - top)) <= 1
    return not is_of_box
