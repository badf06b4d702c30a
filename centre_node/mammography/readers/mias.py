"""Reads mini-MIAS: `Info.txt` and an image `mdbNNN.pgm` for each film, lazily."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.found_files import FoundFile
from centre_node.mammography.mammograms import (
    Contour,
    Finding,
    Lesion,
    Mammogram,
    Reading,
    Skipped,
    Unplaced,
)
from centre_node.mammography.rasters import raster_size, read_raster
from centre_node.mammography.readers.data_folder import DataFolder, OnFile, unheard
from centre_node.mammography.readers.gathering import gathered
from centre_node.mammography.readers.outlines import enclosing_box
from shared.counts import counted
from shared.names import LesionKind

TABLE = "Info.txt"
SIDE_PX = 1024
SPACING_MM = 0.2

_CORNERS = 36
_KINDS: dict[str, LesionKind] = {
    # In the words of the table, MISC is "other, ill-defined masses".
    "CALC": "calcification",
    "CIRC": "mass",
    "SPIC": "mass",
    "MISC": "mass",
    "ARCH": "other",
    "ASYM": "other",
}
_PATHOLOGIES = {"B": "benign", "M": "malignant"}
_NAME = re.compile(r"(?i:mdb)\d+")
_LINE = re.compile(
    r"(?P<name>(?i:mdb)\d{3,})\s+(?P<tissue>[FGD])\s+"
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


def read_mias(folder: Path, where: Mapping[str, str], on_file: OnFile = unheard) -> Reading:
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
    files = DataFolder(folder, on_file)
    skipped: list[Skipped] = []
    rows = _rows(files.opened(folder / TABLE), skipped)
    mammograms = []
    for name, lines in rows.items():
        path = _usable(files.find(folder / f"{name}.pgm"))
        if isinstance(path, str):
            skipped.append(Skipped(f"{name}.pgm", path))
        else:
            mammograms.append(_mammogram(path, name, lines))
    expected = f"the {counted(len(rows), 'image')} that its {TABLE} names"
    return gathered(folder, mammograms, where, skipped, expected=expected)


def _rows(path: Path, skipped: list[Skipped]) -> dict[str, list[_Row | Unplaced]]:
    """Return the table by image; a line that cannot be read is of some finding somewhere.

    Text before and after the table does not begin with an image's name. An image without a line
    that can be read is left out.
    """
    lines: dict[str, list[_Row | Unplaced]] = defaultdict(list)
    for number, line in enumerate(_lines(path), start=1):
        match = _LINE.fullmatch(line)
        begin = _NAME.match(line)
        if match is not None:
            lines[match["name"].lower()].append(_row(match))
        elif begin is not None:
            reason = "it is no line of the form that was expected"
            lines[begin[0].lower()].append(Unplaced(f"line {number}", reason))
    told = {name: of for name, of in lines.items() if any(isinstance(row, _Row) for row in of)}
    if not told:
        raise BadMammogramsError(f"{path} has no line such as 'mdb001 G CIRC B 535 425 197'")
    lost = (row for name, of in lines.items() if name not in told for row in of)
    skipped += [Skipped(row.record, row.reason) for row in lost if isinstance(row, Unplaced)]
    return told


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


def _usable(path: Path | str) -> Path | str:
    """Return an image's file, or why it is of no use."""
    if isinstance(path, str):
        return path
    try:
        size = raster_size(path)
    except BadImageError as error:
        return error.reason
    return path if size == (SIDE_PX, SIDE_PX) else f"it is not {SIDE_PX} x {SIDE_PX} px"


def _mammogram(path: Path, name: str, lines: Sequence[_Row | Unplaced]) -> Mammogram:
    number = int(name.removeprefix("mdb"))
    rows = [line for line in lines if isinstance(line, _Row)]
    mammogram = Mammogram(
        image_id=name,
        patient_id=f"mias-{(number + 1) // 2:03d}",
        width=SIDE_PX,
        height=SIDE_PX,
        load=partial(read_raster, path, SIDE_PX, SIDE_PX),
        file=FoundFile.at(path, path.name),
        view="MLO",
        pixel_spacing_mm=SPACING_MM,
        labels={
            "tissue": rows[0].tissue,
            "class": ",".join(sorted({row.finding or "NORM" for row in rows})),
        },
    )
    return mammogram.annotated(_findings(lines))


def _findings(lines: Sequence[_Row | Unplaced]) -> Iterator[Finding]:
    for line in lines:
        if isinstance(line, Unplaced):
            yield line
        elif line.finding is not None and line.severity is not None:
            yield _finding(line, line.finding, line.severity)


def _finding(row: _Row, name: str, severity: str) -> Finding:
    if row.circle is None:
        return Unplaced(row.name, "the place of its finding is not told")
    contour = _contour(*row.circle)
    box = enclosing_box([contour], width=SIDE_PX, height=SIDE_PX)
    if box is None:
        return Unplaced(row.name, "its finding lies outside the image")
    return Lesion(box, _KINDS[name], (contour,), _PATHOLOGIES[severity])


def _contour(x: int, y: int, radius: int) -> Contour:
    turns = [2 * math.pi * number / _CORNERS for number in range(_CORNERS)]
    # Rounded, so that a circle ends on the pixel that its radius says.
    return tuple(
        (round(x + radius * math.cos(turn), 3), round(y + radius * math.sin(turn), 3))
        for turn in turns
    )
