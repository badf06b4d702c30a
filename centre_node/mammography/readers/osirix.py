"""Reads the regions that OsiriX saved for an image as a property list in XML."""

import plistlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Contour

_NUMBER = r"(-?[0-9]{1,9}(?:\.[0-9]{1,20})?)"
_POINT = re.compile(rf"\(\s*{_NUMBER}\s*,\s*{_NUMBER}\s*\)")

_FAULTS = (AttributeError, ExpatError, LookupError, ValueError)
"""What plistlib raises for damaged lists; a date that is none gives an AttributeError."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region of interest.

    Attributes:
        name: As a person typed it, blanks squeezed; empty where there is none.
        points: In pixels; None where there are none, or one that is no "(x, y)".
    """

    name: str
    points: Contour | None


def read_regions(path: Path) -> tuple[Region, ...]:
    """Read the regions of a file's first image, in their order.

    The list of regions counts, whatever NumberOfROIs says. Places are Point_px, for Point_mm can
    be all zero. plistlib refuses entity declarations and opens nothing that a document refers to.

    Raises:
        BadMammogramsError: The file cannot be read, or is no property list of that form.
    """
    try:
        with path.open("rb") as file:
            document = plistlib.load(file, fmt=plistlib.FMT_XML)
    except OSError as error:
        raise BadMammogramsError(f"{path} cannot be read: {error.strerror}") from error
    except _FAULTS as error:
        raise BadMammogramsError(f"{path} is no property list that can be read") from error
    try:
        return tuple(_region(entry) for entry in document["Images"][0]["ROIs"])
    except (LookupError, TypeError, AttributeError) as error:
        raise BadMammogramsError(f"{path} has no list of regions of a first image") from error


def _region(entry: dict[str, Any]) -> Region:
    name = entry.get("Name")
    return Region(
        name=" ".join(name.split()) if isinstance(name, str) else "",
        points=_points(entry.get("Point_px")),
    )


def _points(texts: object) -> Contour | None:
    if not isinstance(texts, list) or not texts:
        return None
    points = [_point(text) for text in texts]
    known = [point for point in points if point is not None]
    return tuple(known) if len(known) == len(points) else None


def _point(text: object) -> tuple[float, float] | None:
    match = _POINT.fullmatch(text.strip()) if isinstance(text, str) else None
    return None if match is None else (float(match[1]), float(match[2]))
