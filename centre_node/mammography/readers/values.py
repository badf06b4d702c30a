"""What the optional values of data sets say, in whatever way they say that they are unknown."""

import math

_UNKNOWN = {"", "nan", "null", "none", "n/a", "na"}
_LETTERS = {"A": 1, "B": 2, "C": 3, "D": 4}


def is_unknown(value: object) -> bool:
    """Tell whether a value is a blank, null or NaN, as a value or as text."""
    if isinstance(value, str):
        return value.strip().lower() in _UNKNOWN
    return value is None or (isinstance(value, float) and math.isnan(value))


def known(cell: str) -> str:
    """Return a cell's text without blanks around it, empty where it is unknown."""
    return "" if is_unknown(cell) else cell.strip()


def density_of(text: str) -> int | None:
    """Return the ACR density, 1 to 4, which newer editions call A to D; None for anything else."""
    cell = text.strip().upper()
    if cell in _LETTERS:
        return _LETTERS[cell]
    number = cell.removesuffix(".0")
    return int(number) if number in ("1", "2", "3", "4") else None
