"""Sentences of pages, from the words of errors and records."""

import re


def as_sentence(words: str) -> str:
    """Return words with a capital at their beginning and a full stop at their end.

    A name at their beginning, such as that of a field or folder, stays as it is written.
    """
    ending = "" if words.endswith((".", "?", "!")) else "."
    return f"{words if _begins_with_name(words) else words[:1].upper() + words[1:]}{ending}"


def _begins_with_name(words: str) -> bool:
    """Return whether the first word has what only names have: one of _ / . or a digit."""
    return re.match(r"\S*([_/\d]|\.\S)", words) is not None
