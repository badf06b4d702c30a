"""A stranger's text made fit for a terminal, a log and a line of a message."""

import re
import unicodedata

LONGEST_SHOWN = 1000
UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that steer a terminal, turn the text around, or cannot be seen."""

_SUSPECT = re.compile(r"[^\x20-\x7e]")


def shown(text: str, most: int = LONGEST_SHOWN) -> str:
    r"""Return text as one line in which what steers or hides is spelled out, such as \x1b.

    Args:
        most: Characters of `text` that are kept; the rest is counted.
    """
    more = len(text) - most
    return _SUSPECT.sub(_spelled, text[:most]) + (f"... and {more} more" if more > 0 else "")


def shown_lines(text: str) -> str:
    """Return text of our own making, in which a stranger's may be quoted: its lines stay lines."""
    return "\n".join(shown(line, len(line)) for line in text.split("\n"))


def shown_json(document: str) -> str:
    """Return the same JSON document, in which what steers or hides is escaped as JSON does it."""
    return "\n".join(_SUSPECT.sub(_escaped, line) for line in document.split("\n"))


def _spelled(found: "re.Match[str]") -> str:
    character = found[0]
    return ascii(character)[1:-1] if unicodedata.category(character) in UNSAFE else character


def _escaped(found: "re.Match[str]") -> str:
    character = found[0]
    if unicodedata.category(character) not in UNSAFE:
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
