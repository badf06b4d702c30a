"""Options made from a model's fields: typer sees the options, the command gets the model."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, get_args, get_type_hints

import typer
from pydantic import BaseModel, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from shared.field_values import expected, metavar, read_value, sentence, shown, typed_as

Json = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON, for programs.")]
Port = Annotated[int, Field(ge=1, le=65535, description="Port to listen on.")]

FieldPath = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Options:
    """Makes a command's parameter options: `patches: Annotated[PatchConfiguration, Options()]`.

    Attributes:
        of: The model whose fields they are, where the command gets no model but a mapping of the
            values that were given, by field.
        panel: Their heading in the help.
        only: The fields that become options; none is all.
        without: Fields that do not.
        arguments: Fields that are given by place, without a name.
        names: By field, of options that are not called as their fields.
        defaults: By field, instead of the model's; None where its description says what holds.
    """

    of: type[BaseModel] | None = None
    panel: str | None = None
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    names: Mapping[str, str] = dataclasses.field(default_factory=dict)
    defaults: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replace each parameter that is annotated with `Options` by the options of its model.

    One that is annotated with pydantic's `Field` becomes an option as a model's field would. A
    wrong value is one sentence that names its option, what was given and what was expected.
    """
    signature, hints = inspect.signature(command), get_type_hints(command, include_extras=True)
    groups = {
        name: group
        for name, parameter in signature.parameters.items()
        if (group := _group(name, hints[name], parameter.default))
    }

    @functools.wraps(command)
    def with_models(**values: Any) -> None:
        models = {name: group.taken_from(values) for name, group in groups.items()}
        command(**models, **values)

    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        group = groups.get(parameter.name)
        parameters += [parameter] if group is None else group.parameters
    with_models.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    )
    return with_models


def _group(name: str, hint: Any, default: Any) -> "_Group | None":
    for marker in get_args(hint)[1:]:
        if isinstance(marker, Options):
            return _Group(get_args(hint)[0], marker)
        if isinstance(marker, FieldInfo):
            is_open = default is inspect.Parameter.empty
            fields: dict[str, Any] = {name: (hint, ... if is_open else default)}
            return _Single(create_model(name, **fields), Options())
    return None


class _Group:
    """The options of one parameter; those of a model within the model carry its name before."""

    def __init__(self, model: type[BaseModel], marker: Options) -> None:
        self._model, self._marker = marker.of or model, marker
        self._fields = {"_".join(path): (path, field) for path, field in self._chosen()}
        self.parameters = [
            self._parameter(name, field) for name, (_, field) in self._fields.items()
        ]

    def _chosen(self) -> Iterator[tuple[FieldPath, FieldInfo]]:
        for path, field in _flat(self._model):
            if path[0] not in self._marker.without and path[0] in (self._marker.only or path):
                yield path, field

    def _parameter(self, name: str, field: FieldInfo) -> inspect.Parameter:
        typed, required = typed_as(field), self._is_required(name, field)
        return inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if required else None,
            annotation=Annotated[typed if required else typed | None, self._info(name, field)],
        )

    def _info(self, name: str, field: FieldInfo) -> Any:
        told = self._help(name, field)
        if name in self._marker.arguments:
            return typer.Argument(metavar=name.upper(), help=told)
        return typer.Option(
            self._flag(name),
            metavar=metavar(field),
            help=told,
            rich_help_panel=self._marker.panel,
        )

    def _is_required(self, name: str, field: FieldInfo) -> bool:
        left_open = self._marker.of is not None or name in self._marker.defaults
        return field.is_required() and not left_open

    def _help(self, name: str, field: FieldInfo) -> str:
        own = None if field.is_required() else field.get_default(call_default_factory=True)
        default = shown(self._marker.defaults.get(name, own))
        notes = [expected(field), f"default: {default}" if default else ""]
        told = "; ".join(filter(None, notes))
        return f"{field.description or ''}{f' ({told})' if told else ''}"

    def _flag(self, name: str) -> str:
        return f"--{self._marker.names.get(name, name).replace('_', '-')}"

    def taken_from(self, values: dict[str, Any]) -> Any:
        """Take the options out of `values`; return the model, or the values that were given."""
        found: dict[str, Any] = {}
        for name, (path, field) in self._fields.items():
            given = values.pop(name)
            is_given = given is not None and given != []
            value = (
                read_value(field, given, self._flag(name))
                if is_given
                else self._marker.defaults.get(name)
            )
            if value is not None:
                _put(found, path, value)
        return found if self._marker.of else self._validated(found)

    def _validated(self, found: Mapping[str, Any]) -> BaseModel:
        try:
            return self._model.model_validate(found)
        except ValidationError as error:  # each value is right, but they do not go together
            raise typer.BadParameter(sentence(error)) from error


class _Single(_Group):
    """One parameter that is a field of no model."""

    def taken_from(self, values: dict[str, Any]) -> Any:
        """Take the option out of `values`; return its value."""
        [value] = dict(super().taken_from(values)).values()
        return value


def _flat(model: type[BaseModel], before: FieldPath = ()) -> Iterator[tuple[FieldPath, FieldInfo]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _flat(field.annotation, (*before, name))
        else:
            yield (*before, name), field


def _put(table: dict[str, Any], path: FieldPath, value: Any) -> None:
    for name in path[:-1]:
        table = table.setdefault(name, {})
    table[path[-1]] = value
