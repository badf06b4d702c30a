"""What pydantic finds wrong with a document, in words for whoever wrote it."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from shared.names import FORMS

Context = Mapping[str, Any]
Fault = TypeVar("Fault", bound=Mapping[str, Any])

WHOLE, NUMBER, TEXT = "must be a whole number", "must be a number", "must be a text"
LIST, OBJECT = "must be a list", "must be a set of named fields"
SWITCH, MOMENT = "must be true or false", "must be a date and time, such as 2022-03-01T12:00:00Z"
WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "none_required": "must be left empty",
    "json_type": "is no readable JSON",
    "finite_number": "must be a finite number",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), WHOLE),
    **dict.fromkeys(("float_type", "float_parsing"), NUMBER),
    **dict.fromkeys(("string_type", "string_unicode", "bytes_type"), TEXT),
    **dict.fromkeys(("bool_type", "bool_parsing"), SWITCH),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), LIST),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), OBJECT),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "timezone_aware"),
        MOMENT,
    ),
    **dict.fromkeys(("path_type", "path_not_file"), "must be the path of a file that is there"),
    "path_not_directory": "must be the path of a folder that is there",
}
"""By the type of a fault; what a value is, and what it was given as, is never told."""


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _counted(field: str, least: str, one: str, more: str) -> Callable[[Context], str]:
    def told(context: Context) -> str:
        count = context[field]
        return f"must have at {least} {count} {one if count == 1 else more}"

    return told


def _no_json(context: Context) -> str:
    place = re.search(r"line \d+ column \d+", str(context.get("error", "")))
    return "is no readable JSON" + (f", from {place[0].replace(' c', ', c')} on" if place else "")


def _no_such_field(context: Context) -> str:
    known = ", ".join(context.get("fields", ()))
    return "there is no such field" + (f"; there is {known}" if known else "")


LIMITS: Mapping[str, Callable[[Context], str]] = {
    "extra_forbidden": _no_such_field,
    "json_invalid": _no_json,
    "greater_than_equal": lambda given: f"must be {_number(given['ge'])} or more",
    "greater_than": lambda given: f"must be above {_number(given['gt'])}",
    "less_than_equal": lambda given: f"must be {_number(given['le'])} or less",
    "less_than": lambda given: f"must be below {_number(given['lt'])}",
    "multiple_of": lambda given: f"must be a multiple of {_number(given['multiple_of'])}",
    "literal_error": lambda given: f"must be {given['expected']}",
    "enum": lambda given: f"must be {given['expected']}",
    "union_tag_invalid": lambda given: (
        f"{str(given['discriminator']).strip(chr(39))} must be {given['expected_tags']}"
    ),
    "union_tag_not_found": lambda given: (
        f"{str(given['discriminator']).strip(chr(39))} is missing, which says what it is"
    ),
    "string_pattern_mismatch": lambda given: (
        f"must be {FORMS.get(given['pattern'], 'of the form ' + given['pattern'])}"
    ),
    "string_too_short": _counted("min_length", "least", "character", "characters"),
    "string_too_long": _counted("max_length", "most", "character", "characters"),
    "too_short": _counted("min_length", "least", "entry", "entries"),
    "too_long": _counted("max_length", "most", "entry", "entries"),
}


def without_echoes(faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults without those that others bring about.

    A list whose only entry is wrong is told to be too short as well: wrong entries do not count.
    """
    places = [tuple(fault["loc"]) for fault in faults]
    return [
        fault
        for fault, place in zip(faults, places, strict=True)
        if fault["type"] != "too_short"
        or not any(len(other) > len(place) and other[: len(place)] == place for other in places)
    ]


def value_told(value: object) -> str:
    """Return a setting's value as a person would say it in a sentence."""
    if value is None:
        return "not given"
    return str(value).lower() if isinstance(value, bool) else str(value)


def plain_words(fault: Mapping[str, Any]) -> str:
    """Return what is wrong with a value, which is not repeated: it may be sensitive.

    Args:
        fault: One of `ValidationError.errors()`, with its context.
    """
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in WORDS:
        return WORDS[kind]
    if kind in LIMITS:
        return LIMITS[kind](context)
    return re.sub(r"^(Value|Assertion) error, ", "", str(fault["msg"]))
