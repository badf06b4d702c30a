"""Reads mini-MIAS: `Info.txt` and an image `mdbNNN.pgm` for each film, lazily."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.mammograms import Contour, Lesion, Mammogram, Reading, Skipped
from centre_node.mammography.rasters import raster_size, read_raster
from centre_node.mammography.readers.filtering import filtered
from centre_node.mammography.readers.outlines import enclosing_box
from shared.names import LesionKind

TABLE = "Info.txt"
SIDE_PX = 1024
SPACING_MM = 0.2

_CORNERS = 36
_KINDS: dict[str, LesionKind] = {
    "CALC": "calcification",
    "CIRC": "mass",
    "SPIC": "mass",
    "MISC": "other",
    "ARCH": "other",
    "ASYM": "other",
}
_PATHOLOGIES = {"B": "benign", "M": "malignant"}
_NAME = re.compile(r"mdb\d+")
_LINE = re.compile(
    r"(?P<name>mdb\d{3,})\s+(?P<tissue>[FGD])\s+"
    rf"(?:(?P<normal>NORM)|(?P<finding>{'|'.join(_KINDS)})\s+(?P<severity>[BM])"
    r"(?:\s+(?P<x>\d+)\s+(?P<y>\d+)\s+(?P<radius>\d+)|\s+\*NOTE 3\*)?)"
)


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the table. `finding` and `severity` are None of a normal film.

    Attributes:
        circle: Column, row and radius in pixels, origin top left; None where it is not told.
    """

    name: str
    tissue: str
    finding: str | None
    severity: str | None
    circle: tuple[int, int, int] | None


def read_mias(folder: Path, where: Mapping[str, str]) -> Reading:
    """Read a folder's table; of the images the headers only, until a mammogram is loaded.

    Images are centred squares of 1024 px, MLO views, and an odd and the next even number are one
    patient. A finding whose place is not told, or whose line cannot be read, is skipped, and no
    healthy patch may come from its image. Which side an odd number is stays open: the data set's
    own text says right, the file names of the films that it was made from say left.

    Args:
        where: Keeps the images with these labels: `tissue` (F, G or D) and `class`, the classes
            of its findings with commas between, or NORM.

    Raises:
        BadMammogramsError: The folder or its table is missing or of no use, or nothing is left.
    """
    if not folder.is_dir():
        raise BadMammogramsError(f"there is no folder {folder}")
    skipped: list[Skipped] = []
    rows, unread = _rows(folder / TABLE, skipped)
    mammograms = [
        mammogram
        for name, lines in rows.items()
        if _is_usable(folder / f"{name}.pgm", skipped)
        for mammogram in [_mammogram(folder / f"{name}.pgm", lines, name in unread, skipped)]
    ]
    if not mammograms:
        raise BadMammogramsError(
            f"{folder} has none of the {len(rows)} images that its {TABLE} names, or none of "
            f"{SIDE_PX} x {SIDE_PX} px"
        )
    return Reading(folder.resolve().name, filtered(mammograms, where, folder), tuple(skipped))


def _rows(path: Path, skipped: list[Skipped]) -> tuple[dict[str, list[_Row]], set[str]]:
    """Return the table by image, and the images of which a line cannot be read.

    Text before and after the table does not begin with an image's name.
    """
    rows: dict[str, list[_Row]] = defaultdict(list)
    unread: set[str] = set()
    for number, line in enumerate(_lines(path), start=1):
        match = _LINE.fullmatch(line)
        begin = _NAME.match(line)
        if match is not None:
            rows[match["name"]].append(_row(match))
        elif begin is not None:
            skipped.append(Skipped(f"line {number}", "it is no line of the form that was expected"))
            unread.add(begin[0])
    if not rows:
        raise BadMammogramsError(f"{path} has no line such as 'mdb001 G CIRC B 535 425 197'")
    return rows, unread


def _lines(path: Path) -> Iterator[str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadMammogramsError(f"{path} cannot be read: {error.strerror}") from error
    return (line.strip() for line in content.decode("latin-1").splitlines())


def _row(match: re.Match[str]) -> _Row:
    circle = None
    if match["x"] is not None:
        # The table counts rows from the bottom.
        circle = int(match["x"]), SIDE_PX - int(match["y"]), int(match["radius"])
    return _Row(match["name"], match["tissue"], match["finding"], match["severity"], circle)


def _is_usable(path: Path, skipped: list[Skipped]) -> bool:
    reason = _fault(path)
    if reason is not None:
        skipped.append(Skipped(path.name, reason))
    return reason is None


def _fault(path: Path) -> str | None:
    if not path.is_file():
        return "its file is missing"
    try:
        size = raster_size(path)
    except BadImageError:
        return "it is no image that can be read"
    return None if size == (SIDE_PX, SIDE_PX) else f"it is not {SIDE_PX} x {SIDE_PX} px"


def _mammogram(
    path: Path, rows: Sequence[_Row], is_unread: bool, skipped: list[Skipped]
) -> Mammogram:
    status = path.stat()
    number = int(path.stem.removeprefix("mdb"))
    lesions = tuple(_lesions(rows, skipped))
    found = sum(row.finding is not None for row in rows)
    return Mammogram(
        image_id=path.stem,
        patient_id=f"mias-{(number + 1) // 2:03d}",
        width=SIDE_PX,
        height=SIDE_PX,
        load=partial(read_raster, path, SIDE_PX, SIDE_PX),
        fingerprint=f"{path.name} {status.st_size} {status.st_mtime_ns}",
        view="MLO",
        pixel_spacing_mm=SPACING_MM,
        lesions=lesions,
        excluded=(Box(0, 0, SIDE_PX, SIDE_PX),) if is_unread or found > len(lesions) else (),
        labels={
            "tissue": rows[0].tissue,
            "class": ",".join(sorted({row.finding or "NORM" for row in rows})),
        },
    )


def _lesions(rows: Sequence[_Row], skipped: list[Skipped]) -> Iterator[Lesion]:
    for row in rows:
        if row.finding is None or row.severity is None:
            continue
        if row.circle is None:
            skipped.append(Skipped(row.name, "the place of its finding is not told"))
            continue
        contour = _contour(*row.circle)
        box = enclosing_box([contour], width=SIDE_PX, height=SIDE_PX)
        if box is None:
            skipped.append(Skipped(row.name, "its finding lies outside the image"))
        else:
            pathology = _PATHOLOGIES[row.severity]
            yield Lesion(box, _KINDS[row.finding], (contour,), pathology)


def _contour(x: int, y: int, radius: int) -> Contour:
    turns = [2 * math.pi * number / _CORNERS for number in range(_CORNERS)]
    # Rounded, so that a circle ends on the pixel that its radius says.
    return tuple(
        (round(x + radius * math.cos(turn), 3), round(y + radius * math.sin(turn), 3))
        for turn in turns
    )
