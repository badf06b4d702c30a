"""Filters of templates: numbers, sizes and times as people read them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from shared.counts import named

THOUSAND = 1000
SIZES = ("bytes", "kB", "MB", "GB", "TB")


def size(size_bytes: int) -> str:
    """Return such as "3.2 MB"."""
    number, unit = float(size_bytes), 0
    while number >= THOUSAND and unit < len(SIZES) - 1:
        number, unit = number / THOUSAND, unit + 1
    return f"{number:.0f} {SIZES[unit]}" if unit == 0 else f"{number:.1f} {SIZES[unit]}"


def moment(at: datetime) -> str:
    """Return such as "29 November 2026, 12:30 UTC"; without a time zone it is UTC."""
    utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def day(at: datetime) -> str:
    """Return such as "29 Nov 2026"."""
    utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y}"


def count(number: int) -> str:
    """Return a number with its thousands apart."""
    return f"{number:,}".replace(",", "\u202f")


FILTERS: Mapping[str, Callable[..., str]] = {
    "size": size,
    "moment": moment,
    "day": day,
    "count": count,
    "named": named,
}
