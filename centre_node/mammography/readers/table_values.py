"""What a cell of a table of boxes means: sides, views, densities, spacings and kinds of lesions."""

import ast
import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from centre_node.mammography.readers.table_fields import plain
from shared.names import LesionKind

Kind = Literal[LesionKind, "excluded"]

_VIEWS = {
    "CC": "CC",
    "CRANIOCAUDAL": "CC",
    "MLO": "MLO",
    "MEDIOLATERALOBLIQUE": "MLO",
    "ML": "ML",
    "MEDIOLATERAL": "ML",
    "LM": "LM",
    "LATEROMEDIAL": "LM",
    "LMO": "LMO",
    "XCCL": "XCCL",
    "XCCM": "XCCM",
    "AT": "AT",
    "FB": "FB",
}
_DENSITIES = {
    letter: grade
    for grade, letters in enumerate((("a", "1", "i"), ("b", "2", "ii"), ("c", "3", "iii")), 1)
    for letter in letters
} | dict.fromkeys(("d", "4", "iv"), 4)
_NO_FINDING = (
    "nofinding",
    "nofindings",
    "nolesion",
    "nolesions",
    "noabnormality",
    "noabnormalities",
    "normal",
    "healthy",
)
_NEGATED = re.compile(r"\b(?:no|non|not|without)\b", re.IGNORECASE)
_KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"\bmass(?:es|a)?\b|\bnodul|\btumou?r|\blump", re.IGNORECASE), "mass"),
    (re.compile(r"calcif|\b(?:micro|macro)?calcs?\b", re.IGNORECASE), "calcification"),
    (
        re.compile(
            r"\bother|asymmetr|distort|lymph|skin|nipple|retraction|thickening", re.IGNORECASE
        ),
        "other",
    ),
    (re.compile(r"\bexcluded?\b", re.IGNORECASE), "excluded"),
)
_FIRST: tuple[Kind, ...] = ("mass", "calcification", "other", "excluded")
_LARGEST_SPACING_MM = 1.0  # a pixel of a mammogram is 0.05 to 0.5 mm; more is another unit
_LARGEST_ANISOTROPY = 0.01


def number(cell: str) -> float | None:
    """Return a number written with a point or a comma, with or without thousands; else None."""
    text = re.sub(r"[\s']", "", cell)
    if "," in text and "." in text:
        text = text.replace("," if text.rfind(",") < text.rfind(".") else ".", "")
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def side(cell: str) -> Literal["L", "R"] | None:
    """Return the side that a word or letter names."""
    word = plain(cell)
    if word in ("l", "left", "leftbreast"):
        return "L"
    return "R" if word in ("r", "right", "rightbreast") else None


def view(cell: str) -> str | None:
    """Return the view that a word names, such as CC of "L-CC"; None where none is known."""
    word = plain(cell).upper()
    if word in _VIEWS:
        return _VIEWS[word]
    if word[:1] in ("L", "R"):
        return _VIEWS.get(word[1:])
    return _VIEWS.get(word[:-1]) if word[-1:] in ("L", "R") else None


def density(cell: str) -> int | None:
    """Return the density, 1 to 4, of such as "DENSITY B", "b", "2", "2.0" and "ACR II"."""
    text = re.sub(r"density|acr|bi-?rads|type|category", "", cell.casefold())
    word = text.removesuffix(".0").removesuffix(",0").strip(" :-_.()")
    return _DENSITIES.get(word.split(" ")[0]) if word else None


def birads_grade(cell: str) -> str | None:
    """Return the grade of a BI-RADS assessment, such as 1 or 4a; None where there is none."""
    found = re.search(r"[0-6](?:[abc]\b)?", cell.lower())
    return found[0] if found else None


def outcome(cell: str) -> Literal["benign", "malignant"] | None:
    """Return what a pathology says; free text is not repeated, for it may tell of a patient."""
    if _NEGATED.search(cell):
        return None
    word = plain(cell)
    if word.startswith(("malign", "cancer")):
        return "malignant"
    return "benign" if word.startswith("benign") else None


def spacing_mm(cell: str) -> float | None:
    """Return a pixel's side in mm of such as "0.07", "0,07" and "[0.07, 0.07]".

    None where rows and columns differ, or where it is in no unit that a mammogram can have.
    """
    text = cell.strip("[]() ")
    # A comma separates where it cannot be a decimal one.
    parts = re.split(r"[\\;x]|,\s+|," if "." in text else r"[\\;x]|,\s+", text)
    values = [number(part) for part in parts]
    known = [value for value in values if value is not None and value > 0]
    if len(known) < len(values) or len(known) > 2:
        return None
    low, high = min(known), max(known)
    if high > _LARGEST_SPACING_MM or high - low > _LARGEST_ANISOTROPY * low:
        return None
    return (low + high) / 2


def says_no_finding(cell: str, more: Collection[str]) -> bool:
    """Tell whether a cell says in words that there is nothing to see.

    Args:
        more: Words of the table's own that say so; the empty one stands for an empty cell.
    """
    own = {plain(word) for word in more}
    words = [plain(part) for part in _parts(cell)] or [""]
    return all(word in own or word in _NO_FINDING for word in words) or plain(cell) in own


def lesion_kind(cell: str, own: Mapping[str, Kind]) -> tuple[Kind, bool]:
    """Return the kind that a cell names and whether it is one that is known.

    Of several the first of mass, calcification, other: a mass that holds calcifications is a mass.

    Args:
        own: What the table calls the kinds.
    """
    known: dict[str, Kind] = {plain(word): kind for word, kind in own.items()}
    if plain(cell) in known:
        return known[plain(cell)], True
    kinds = [_kind(part, known) for part in _parts(cell)]
    found = [kind for kind in kinds if kind is not None]
    return min(found or ["other"], key=_FIRST.index), bool(kinds) and None not in kinds


def boxes_in(cell: str) -> list[tuple[float, float, float, float]] | None:
    """Return the boxes of a list of lists, each top, left, bottom, right; None where it is none.

    Returned as left, top, right, bottom.
    """
    try:
        listed = ast.literal_eval(cell or "[]")
        return [
            (float(left), float(top), float(right), float(bottom))
            for top, left, bottom, right in listed
        ]
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _kind(part: str, own: Mapping[str, Kind]) -> Kind | None:
    if plain(part) in own:
        return own[plain(part)]
    if _NEGATED.search(part):
        return None
    return next((kind for pattern, kind in _KINDS if pattern.search(part)), None)


def _parts(cell: str) -> Iterator[str]:
    """Yield the words of a cell that lists several, also as Python writes a list."""
    for part in re.split(r"[;|/,+&]", cell.strip("[]() ")):
        word = part.strip(" '\"")
        if word:
            yield word
