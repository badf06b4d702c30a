"""The hub's own words, beside those that every service has for a card."""

from collections.abc import Callable, Mapping

from hub.audit_log.events import Details
from web_pages import card_wording
from web_pages.wording import size

ORDERS: Mapping[str, str] = {
    "newest": "newest first",
    "oldest": "oldest first",
    "centre": "by centre",
    "name": "by name",
}
SIGNED: Mapping[str, str] = {"package": "The package", "audit": "What is said of its audit"}


def signed(kind: str) -> str:
    """Say what a signature of a kind is of."""
    return SIGNED.get(kind, kind)


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


FILTERS: Mapping[str, Callable[..., object]] = {
    **card_wording.FILTERS,
    "details": details,
    "in_words": in_words,
    "signed": signed,
}
