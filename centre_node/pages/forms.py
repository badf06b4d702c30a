"""Forms made of models' fields: what a field takes, what is filled in, and what is wrong with it.

A field is known by its path in the request, such as `training.epochs`. What a person typed becomes
a document, which the request's own model then checks; what it finds is said at the field.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from centre_node.pages.wording import as_sentence
from shared.field_values import expected, limits, shown
from shared.plain_words import plain_words

Control = Literal["text", "secret", "check", "select", "checks", "lines"]
SORTS = {int: "whole numbers", float: "numbers"}
Given = Mapping[str, Sequence[str]]
"""What a browser sent: every value of each field."""

Request = TypeVar("Request")

UNITS = {"px": "px", "mm": "mm", "seconds": "s"}


class FormFault(Exception):  # noqa: N818 (what a person did, and not an error of ours)
    """Something is wrong with a field that the request's model cannot see.

    Attributes:
        field: Its path.
        told: What is wrong, in a sentence.
    """

    def __init__(self, field: str, told: str) -> None:
        super().__init__(told)
        self.field = field
        self.told = told


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be chosen, and how it is called."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class FormField:
    """One thing to fill in.

    Attributes:
        name: Its path in the request.
        help: What it means.
        expected: What is right, such as "a whole number, 1 to 100"; "" where any text is.
        value: What is filled in; of checks, those that are ticked.
        optional: Whether nothing is a value too.
        fault: What is wrong with the value, in a sentence; "" where nothing is.
    """

    name: str
    label: str
    control: Control
    help: str = ""
    expected: str = ""
    value: str | tuple[str, ...] = ""
    choices: tuple[Choice, ...] = ()
    optional: bool = False
    is_list: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields under a heading.

    Attributes:
        is_folded: Whether they are shown only on demand; never where one has a fault.
        lead: What they are all about.
        is_in_pairs: Whether two of them stand side by side, as a length in px and in mm.
    """

    title: str
    fields: tuple[FormField, ...]
    is_folded: bool = False
    lead: str = ""
    is_in_pairs: bool = False

    @property
    def has_fault(self) -> bool:
        """Whether something is wrong with a field."""
        return any(field.fault for field in self.fields)


@dataclass(frozen=True, slots=True)
class Form:
    """What a page asks for.

    Attributes:
        hidden: What is sent along and cannot be changed, by name.
        faults: What is wrong with no field in particular.
        missing: What must be there first; with any, the form cannot be sent.
        ways: Titles and paths of how to get it.
    """

    title: str
    lead: str
    groups: tuple[FieldGroup, ...]
    button: str
    hidden: Mapping[str, str]
    faults: tuple[str, ...] = ()
    missing: str = ""
    ways: tuple[tuple[str, str], ...] = ()

    @property
    def fields(self) -> tuple[FormField, ...]:
        """All of them, in order."""
        return tuple(field for group in self.groups for field in group.fields)

    @property
    def is_refused(self) -> bool:
        """Whether something is wrong with it."""
        return bool(self.faults) or any(group.has_fault for group in self.groups)

    def filled_with(self, given: Given) -> "Form":
        """Return the form with what was sent in place of what was filled in."""
        return self._changed(lambda field: replace(field, value=_kept(field, given)))

    def with_faults(self, found: Iterable[tuple[str, str]]) -> "Form":
        """Return the form with sentences at the fields that they speak of, by path.

        One that speaks of no field, or of several together, stands above all.
        """
        at: dict[str, list[str]] = {}
        above: list[str] = []
        names = {field.name for field in self.fields}
        for path, told in found:
            name = next((part for part in _prefixes(path) if part in names), None)
            (above if name is None else at.setdefault(name, [])).append(told)
        marked = self._changed(
            lambda f: replace(f, fault=" ".join(dict.fromkeys(at.get(f.name, ()))))
        )
        return replace(marked, faults=tuple(dict.fromkeys((*self.faults, *above))))

    def with_values(self, values: Mapping[str, str | tuple[str, ...]]) -> "Form":
        """Return the form with other values filled in, by path."""
        return self._changed(
            lambda field: replace(field, value=values.get(field.name, field.value))
        )

    def _changed(self, change: Any) -> "Form":
        groups = (replace(group, fields=tuple(map(change, group.fields))) for group in self.groups)
        return replace(self, groups=tuple(groups))


def fields_of(
    model: BaseModel, prefix: str = "", *, without: Iterable[str] = ()
) -> Iterator[FormField]:
    """Yield a field for each of a model's, and of the models within it, filled with its values.

    Args:
        without: Paths that are left out, each with all below it.

    A field that nobody can fill in (a list of models, a model that is not there) is left out.
    """
    left_out = set(without)
    for name, field in type(model).model_fields.items():
        path = f"{prefix}{name}"
        if path in left_out:
            continue
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            within = fields_of(value, f"{path}.", without=left_out)
            yield from within if not prefix else named_after(label_of(name), within)
        elif (control := _control(field)) is not None:
            yield _field(path, name, field, control, value)


def blank_field(model: type[BaseModel], name: str, prefix: str = "") -> FormField:
    """Return the field of a model that has no default, with nothing filled in."""
    field = model.model_fields[name]
    control = _control(field)
    assert control is not None, f"nobody can fill in {name}"
    return _field(f"{prefix}{name}", name, field, control, None)


def document_of(form: Form, given: Given) -> dict[str, Any]:
    """Return what was sent as the document that a request is made of; texts are not read yet.

    What is left blank is None where that is a value, and else is left to the model.
    """
    document: dict[str, Any] = {}
    for name, value in form.hidden.items():
        _put(document, name, value)
    for field in form.fields:
        value = _entry(field, given)
        if value is not None or field.optional:
            _put(document, field.name, value)
    return document


def checked(kind: Any, document: Mapping[str, Any]) -> Any:
    """Return the request that a document makes.

    Raises:
        ValidationError: It makes none.
    """
    return TypeAdapter(kind).validate_python(document)


def faults_of(error: ValidationError, form: Form, *, within: str = "") -> list[tuple[str, str]]:
    """Return what is wrong, in sentences, by the path of the field.

    Args:
        within: Path of the part that was checked, such as "study.".
    """
    fields = {field.name: field for field in form.fields}
    found = []
    for detail in error.errors(include_url=False):
        path = within + ".".join(str(part) for part in detail["loc"])
        name = next((part for part in _prefixes(path) if part in fields), "")
        found.append((path, _told(detail, fields.get(name))))
    return found


def named_after(part: str, fields: Iterable[FormField]) -> Iterator[FormField]:
    """Yield fields that say which part they belong to: "Jitter: zoom mean"."""
    for field in fields:
        own = f"{field.label[:1].lower()}{field.label[1:]}"
        yield replace(field, label=f"{part}: {own}")


NAMES = {
    "auto": "Automatic",
    "bcdr": "BCDR",
    "cbis-ddsm": "CBIS-DDSM",
    "cnn": "CNN",
    "coco": "COCO",
    "dcgan": "DCGAN",
    "greys_and_bands": "Greys with grain and contrast",
    "inbreast": "INbreast",
    "mias": "mini-MIAS",
    "optimam": "OPTIMAM",
    "table": "Images with a table",
    "wgan-gp": "WGAN-GP",
}
"""What is not written as it is sent."""


def label_of(name: str) -> str:
    """Return a field's name as people write it: `margin_px` is "Margin (px)"."""
    if name in NAMES:
        return NAMES[name]
    words = name.split("_")
    unit = UNITS.get(words[-1]) if len(words) > 1 else None
    text = " ".join(words[:-1] if unit else words)
    return f"{text[:1].upper()}{text[1:]}{f' ({unit})' if unit else ''}"


def _field(path: str, name: str, field: FieldInfo, control: Control, value: Any) -> FormField:
    kind, optional = _without_none(field.annotation)
    choices = tuple(Choice(str(one), label_of(str(one))) for one in _choices_of(kind))
    return FormField(
        name=path,
        label=label_of(name),
        control=control,
        help=_help(field),
        expected="" if choices or control == "lines" else _expected(field),
        value=_filled(control, value),
        choices=(Choice("", "not given"), *choices) if optional and choices else choices,
        optional=optional,
        is_list=_origin(kind) is tuple,
    )


def _help(field: FieldInfo) -> str:
    """Return what a field means; in a form, None is a field left blank."""
    return re.sub(r"\bNone\b", "blank", field.description or "").replace(". blank", ". Blank")


def _filled(control: Control, value: Any) -> str | tuple[str, ...]:
    if control == "check":
        return ("yes",) if value else ()
    if control == "checks":
        return tuple(map(str, value or ()))
    if control == "lines":
        return "\n".join(f"{key}={told}" for key, told in (value or {}).items())
    return shown(value).replace(",", ", ")


def _control(field: FieldInfo) -> Control | None:
    kind, _ = _without_none(field.annotation)
    origin = _origin(kind)
    if kind is bool:
        return "check"
    if origin is Literal:
        return "select"
    if origin is tuple:
        inner = [_without_none(one)[0] for one in get_args(_bare(kind)) if one is not Ellipsis]
        if all(_origin(one) is Literal for one in inner):
            return "checks"
        return "text" if all(_bare(one) in (int, float, str) for one in inner) else None
    if origin is dict:
        return "lines"
    return "text" if _bare(kind) in (int, float, str) else None


def _choices_of(kind: Any) -> tuple[Any, ...]:
    bare = _bare(kind)
    if _origin(kind) is Literal:
        return get_args(bare)
    if _origin(kind) is tuple:
        inner = [_bare(one) for one in get_args(bare) if one is not Ellipsis]
        if inner and get_origin(inner[0]) is Literal:
            return get_args(inner[0])
    return ()


def _expected(field: FieldInfo) -> str:
    kind, _ = _without_none(field.annotation)
    if _origin(kind) is tuple:
        count = [one for one in get_args(_bare(kind)) if one is not Ellipsis]
        how_many = f"{len(count)} " if len(count) > 1 else ""
        return f"{how_many}{_entries(count[0])}, with commas between them"
    return expected(field)


def _entries(kind: Any) -> str:
    """Return such as "whole numbers" or "numbers (above 0 and 1 or less)" for a list's entries."""
    sort = SORTS.get(_bare(kind), "words")
    right = limits(get_args(kind)[1:]) if get_origin(kind) is Annotated else ""
    return f"{sort} ({right})" if right else sort


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """Return a type without None, and whether None was one of its kinds."""
    if get_origin(_bare(annotation)) in (Union, UnionType):
        kinds = [kind for kind in get_args(_bare(annotation)) if kind is not NoneType]
        if len(kinds) == 1:
            return kinds[0], True
    return annotation, False


def _bare(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _origin(kind: Any) -> Any:
    return get_origin(_bare(kind))


def _kept(field: FormField, given: Given) -> str | tuple[str, ...]:
    values = tuple(given.get(field.name, ()))
    if field.control in ("check", "checks"):
        return values
    return values[-1] if values else ""


def _entry(field: FormField, given: Given) -> Any:
    """Return what was sent for a field as pydantic reads it; None for nothing."""
    values = list(given.get(field.name, ()))
    if field.control == "check":
        return bool(values)
    if field.control == "checks":
        return values
    text = values[-1].strip() if values else ""
    if field.control == "lines":
        pairs = (line.partition("=") for line in text.splitlines() if line.strip())
        return {key.strip(): value.strip() for key, _, value in pairs}
    if not text:
        return None
    return [part.strip() for part in text.split(",")] if field.is_list else text


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    *folders, last = path.split(".")
    for folder in folders:
        document = document.setdefault(folder, {})
    document[last] = value


def _prefixes(path: str) -> Iterator[str]:
    """Yield a path and every one above it, longest first; a union's tag may stand within it."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        yield ".".join(parts[:end])
    for at in range(len(parts) - 1):
        without_tag = parts[:at] + parts[at + 1 :]
        for end in range(len(without_tag), 0, -1):
            yield ".".join(without_tag[:end])


def _told(detail: ErrorDetails, field: FormField | None) -> str:
    is_field = field is not None and field.name.split(".")[-1] == detail["loc"][-1]
    if detail["type"] == "missing" and (field is None or is_field):
        return "Fill this in." if is_field else f"{detail['loc'][-1]} is missing."
    if detail["type"] == "value_error":
        told = plain_words(detail)
    elif field is not None and field.expected:
        told = f"it must be {field.expected}"
    elif field is not None and field.choices:
        told = f"choose one of {', '.join(choice.label for choice in field.choices)}"
    else:
        told = plain_words(detail)
    return as_sentence(told)
