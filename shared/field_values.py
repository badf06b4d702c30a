"""What a model's field takes, in words for people, and its value from what a person typed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from annotated_types import Ge, Gt, Le, Lt, MultipleOf
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from shared.models import LARGEST_COUNT, LARGEST_SEED
from shared.names import InWords
from shared.plain_words import plain_words

METAVARS: Mapping[Any, str] = {
    int: "NUMBER",
    float: "NUMBER",
    str: "TEXT",
    Path: "PATH",
    Literal: "CHOICE",
    tuple: "CHOICES",
    dict: "KEY=VALUE",
}
ENDLESS = (LARGEST_COUNT, LARGEST_SEED)
"""Bounds that only programs meet."""

NUMBERS = {int: "a whole number", float: "a number"}


def metavar(field: FieldInfo) -> str:
    """Return the word that stands for a field's value in a help.

    Raises:
        KeyError: Nobody can type a value of the field's type.
    """
    return METAVARS[_sort(field)]


def typed_as(field: FieldInfo) -> Any:
    """Return the type of what is typed: of an option with several entries one is typed each time.

    Numbers and choices are text until `read_value` reads them, so that it can say what is wrong.
    """
    sort = _sort(field)
    if sort is dict:
        return list[str]
    return Path if sort is Path else str


def expected(field: FieldInfo) -> str:
    """Return such as "one of mass, other" or "a number, 0 to 1"; "" where any text is right."""
    kind, constraints = _taken_apart(field)
    match _sort(field):
        case sort if sort is Literal:
            return f"one of {', '.join(map(str, get_args(kind)))}"
        case sort if sort is tuple:
            return f"one or more of {_entry(get_args(kind)[0])}, by commas"
        case sort if sort in NUMBERS:
            return ", ".join(filter(None, [NUMBERS[kind], limits(constraints)]))
        case _:
            return next((found.text for found in constraints if isinstance(found, InWords)), "")


def limits(constraints: Sequence[Any]) -> str:
    """Return what is right of a number, such as "16 to 256, a multiple of 16"; "" where any is."""
    flat = [part for one in constraints for part in (one.metadata if _is_field(one) else [one])]
    told = [f"a multiple of {part.multiple_of}" for part in flat if isinstance(part, MultipleOf)]
    words = [part.text for part in flat if isinstance(part, InWords)]
    return ", ".join(filter(None, [_bounds(flat), *told, *words]))


def _is_field(constraint: Any) -> bool:
    return isinstance(constraint, FieldInfo)


def _entry(kind: Any) -> str:
    """Return what an entry of a list is: its choices, or the words for it."""
    if get_origin(kind) is Literal:
        return ", ".join(get_args(kind))
    return next(f"names ({part.text})" for part in get_args(kind) if isinstance(part, InWords))


def shown(value: Any) -> str:
    """Return a field's default as a person would type it; "" of one that cannot be typed."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None or value == {} else str(value)


def read_value(field: FieldInfo, given: str | Path | Sequence[str], option: str) -> Any:
    """Return a field's value.

    Raises:
        typer.BadParameter: It is none; one sentence says what of which option, and what is right.
    """
    adapter: TypeAdapter[Any] = TypeAdapter(
        field.rebuild_annotation(), config=ConfigDict(allow_inf_nan=False)
    )
    try:
        return adapter.validate_python(_entries(field, given, option))
    except ValidationError as error:
        [first, *_] = error.errors()
        typed = first["input"] if first["loc"] and isinstance(given, str) else given
        is_own = first["type"] == "value_error" or not expected(field)
        why = sentence(error) if is_own else f"it must be {expected(field)}"
        raise typer.BadParameter(f"{option} is {typed!r}; {why}") from error


def sentence(error: ValidationError) -> str:
    """Return what a model's own checks say."""
    return "; ".join(map(plain_words, error.errors()))


def _entries(field: FieldInfo, given: str | Path | Sequence[str], option: str) -> Any:
    """Return what is typed as pydantic takes it."""
    if _sort(field) is tuple:
        return [entry.strip() for entry in str(given).split(",")]
    if isinstance(given, str | Path):
        return given
    return dict(_pair(text, option) for text in given)


def _pair(text: str, option: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise typer.BadParameter(f"{option} is {text!r}; it must be KEY=VALUE")
    return key, value


def _sort(field: FieldInfo) -> Any:
    kind, _ = _taken_apart(field)
    return get_origin(kind) or kind


def _taken_apart(field: FieldInfo) -> tuple[Any, Sequence[Any]]:
    """Return a field's type without None, and what limits its values."""
    kinds = [kind for kind in get_args(field.annotation) if kind is not NoneType]
    optional = len(kinds) < len(get_args(field.annotation))
    kind: Any = kinds[0] if optional else field.annotation
    if get_origin(kind) is Annotated:
        kind, *limits = get_args(kind)
        return kind, [*field.metadata, *limits]
    return kind, field.metadata


def _bounds(constraints: Sequence[Any]) -> str:
    low = next((c.ge for c in constraints if isinstance(c, Ge)), None)
    high = next((c.le for c in constraints if isinstance(c, Le) and c.le not in ENDLESS), None)
    above = [f"above {c.gt}" for c in constraints if isinstance(c, Gt)]
    below = [f"below {c.lt}" for c in constraints if isinstance(c, Lt)]
    ends = (low is not None, high is not None)
    closed = {
        (True, True): f"{low} to {high}",
        (True, False): f"{low} or more",
        (False, True): f"{high} or less",
    }.get(ends, "")
    return " and ".join(filter(None, [*above, closed, *below]))
