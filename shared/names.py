"""The strings that may cross the border: short, printable, and of a known form."""

from datetime import date
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, StringConstraints


class InWords(NamedTuple):
    """Says of a type of strings what a person may type: a pattern tells only programmers."""

    text: str


FORMS: dict[str, str] = {}
"""What a person may type, by the pattern that tells programs; `in_words` fills it."""


def in_words(pattern: str, text: str) -> InWords:
    """Say what fits a pattern, wherever a value does not fit it: "must be" and this text."""
    FORMS[pattern] = text
    return InWords(text)


NAME = r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"
Name = Annotated[
    str,
    StringConstraints(pattern=NAME),
    in_words(NAME, "lower-case letters, digits and inner hyphens, at most 63"),
]
"""A centre's or generator's name: lower-case letters, digits and inner hyphens, at most 63."""

FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
FileName = Annotated[
    str,
    StringConstraints(pattern=FILE_NAME),
    in_words(
        FILE_NAME, "the name of a file: letters, digits, dots, hyphens and underscores, at most 100"
    ),
]
"""A file in a package: no folder, no leading dot."""

DIGEST = r"^[0-9a-f]{64}$"
Digest = Annotated[
    str,
    StringConstraints(pattern=DIGEST),
    in_words(DIGEST, "a SHA-256: 64 digits and letters from a to f"),
]
"""A SHA-256 in lower-case hexadecimal."""

TEXT = r"^[\w .,:;()/'@+&%-]+$"
Text = Annotated[
    str,
    StringConstraints(pattern=TEXT, min_length=1, max_length=300),
    in_words(TEXT, "a line of letters, digits, blanks and common punctuation, at most 300"),
]
"""A line of plain text: letters, digits, blanks and common punctuation."""


ARM_NAME = r"^[\w .,()+-]+$"
ArmName = Annotated[
    str,
    StringConstraints(pattern=ARM_NAME, min_length=1, max_length=60),
    in_words(ARM_NAME, "letters, digits, blanks and . , ( ) + - only, at most 60"),
]
"""What a study calls an arm."""


def _is_a_day(day: str) -> str:
    date.fromisoformat(day)
    return day


CALENDAR_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
CalendarDay = Annotated[
    str,
    StringConstraints(pattern=CALENDAR_DAY),
    AfterValidator(_is_a_day),
    in_words(CALENDAR_DAY, "a day, such as 2027-12-31"),
]
"""A day that the calendar has, as ISO 8601 writes it."""

TrainingRecipe = Literal["paper", "improved"]
"""What the defaults of a training depend on."""

Precision = Literal["float32", "bfloat16", "auto"]
LesionKind = Literal["mass", "calcification", "other"]
Pathology = Literal["benign", "malignant"]
