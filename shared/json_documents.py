"""JSON that strangers send: its size is known before it is parsed, and no key stands twice."""

import json
from typing import Any

MOST_ENTRIES = 10_000
DEEPEST = 20
MOST_DIGITS = 40


def read_json(content: bytes, *, most_entries: int = MOST_ENTRIES) -> Any:
    """Return what a JSON text of a size that can be validated in a few milliseconds says.

    The entries are counted before anything is parsed. A comma in a text counts as one more. Lists
    come as tuples, as a strict model takes them.

    Args:
        most_entries: Of a text whose size is bounded otherwise too, there may be more.

    Raises:
        ValueError: Why it is refused; a `JSONDecodeError` where it is no JSON. What it holds is
            not repeated.
    """
    entries = sum(content.count(mark) for mark in (b",", b"[", b"{"))
    if entries > most_entries:
        raise ValueError(f"it has {entries} entries, {most_entries} are allowed")
    try:
        document = json.loads(
            content.decode(),
            object_pairs_hook=_unique,
            parse_int=lambda number: int(_short(number)),
            parse_float=lambda number: float(_short(number)),
            parse_constant=_no_number,
        )
    except RecursionError:
        raise ValueError(_too_deep()) from None
    except UnicodeDecodeError:
        raise ValueError("it is not in UTF-8") from None
    _check_depth(document)
    try:
        return _with_tuples(document)
    except UnicodeEncodeError:
        raise ValueError(
            "a text in it holds half of a surrogate pair, which is no letter"
        ) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object of it has the same key twice")
    return found


def _short(number: str) -> str:
    if len(number) > MOST_DIGITS:
        raise ValueError(f"a number in it has {len(number)} digits, {MOST_DIGITS} are allowed")
    return number


def _no_number(word: str) -> int:
    raise ValueError(f"{word} is no JSON; write null")


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(DEEPEST):
        level = [
            part
            for whole in level
            if isinstance(whole, dict | list)
            for part in (whole.values() if isinstance(whole, dict) else whole)
        ]
    if any(isinstance(whole, dict | list) for whole in level):
        raise ValueError(_too_deep())


def _with_tuples(document: Any) -> Any:
    """Return a document whose lists are tuples and whose texts can all be written in UTF-8."""
    if isinstance(document, dict):
        return {_with_tuples(key): _with_tuples(value) for key, value in document.items()}
    if isinstance(document, list):
        return tuple(map(_with_tuples, document))
    if isinstance(document, str):
        document.encode()
    return document


def _too_deep() -> str:
    return f"it is nested deeper than the {DEEPEST} levels allowed"
