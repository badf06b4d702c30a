"""The strings that may cross the border: short, printable, and of a known form."""

from datetime import date
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, StringConstraints


class InWords(NamedTuple):
    """Says of a type of strings what a person may type: a pattern tells only programmers."""

    text: str


Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"),
    InWords("lower-case letters, digits and inner hyphens, at most 63"),
]
"""A centre's or generator's name: lower-case letters, digits and inner hyphens, at most 63."""

FileName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"),
    InWords("the name of a file: letters, digits, dots, hyphens and underscores, at most 100"),
]
"""A file in a package: no folder, no leading dot."""

Digest = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    InWords("a SHA-256: 64 digits and letters from a to f"),
]
"""A SHA-256 in lower-case hexadecimal."""

Text = Annotated[
    str,
    StringConstraints(pattern=r"^[\w .,:;()/'@+&%-]+$", min_length=1, max_length=300),
    InWords("a line of letters, digits, blanks and common punctuation, at most 300"),
]
"""A line of plain text: letters, digits, blanks and common punctuation."""


def _is_a_day(day: str) -> str:
    date.fromisoformat(day)
    return day


CalendarDay = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_is_a_day),
    InWords("a day, such as 2027-12-31"),
]
"""A day that the calendar has, as ISO 8601 writes it."""

TrainingRecipe = Literal["paper", "improved"]
"""What the defaults of a training depend on."""

Precision = Literal["float32", "bfloat16", "auto"]
LesionKind = Literal["mass", "calcification", "other"]
Pathology = Literal["benign", "malignant"]
