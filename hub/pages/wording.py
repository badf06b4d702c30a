"""The hub's own sentences, and those of a card that all pages have."""

from collections.abc import Callable, Mapping

from hub.audit_log.events import Details
from shared.receipts import told_difference
from web_pages.card_wording import FILTERS as CARD_FILTERS
from web_pages.wording import size

ORDERS: Mapping[str, str] = {
    "newest": "newest first",
    "oldest": "oldest first",
    "centre": "by centre",
    "name": "by name",
}


def in_words(name: str) -> str:
    """Return a name of the audit log as people write it."""
    return name.replace("_", " ")


def details(told: Details) -> str:
    """Return an entry's details in a line."""
    return "; ".join(
        f"size: {size(int(value))}" if name == "size_bytes" else f"{in_words(name)}: {value}"
        for name, value in told.items()
        if value is not None
    )


VERDICT_SIGNS: Mapping[str, str] = {
    "higher": "▲ higher",
    "lower": "▼ lower",
    "no difference shown": "○ no difference shown",
    "too few seeds": "? too few seeds",
}
VERDICT_TONES: Mapping[str, str] = {"higher": "good", "lower": "bad"}


def verdict_sign(verdict: str) -> str:
    """Return a receipt's verdict with a sign that needs no colour."""
    return VERDICT_SIGNS[verdict]


def verdict_tone(verdict: str) -> str:
    """Return the class of a receipt's verdict."""
    return VERDICT_TONES.get(verdict, "still")


FILTERS: Mapping[str, Callable[..., object]] = {
    **CARD_FILTERS,
    "details": details,
    "in_words": in_words,
    "difference": told_difference,
    "verdict_sign": verdict_sign,
    "verdict_tone": verdict_tone,
}
