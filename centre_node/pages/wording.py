"""Sentences of pages, from the words of errors and records."""


def as_sentence(words: str) -> str:
    """Return words with a capital at their beginning and a full stop at their end."""
    ending = "" if words.endswith((".", "?", "!")) else "."
    return f"{words[:1].upper()}{words[1:]}{ending}"
