"""Writes docs/scenario.md, docs/settings.md and docs/api from the code itself.

    python docs/reference.py

A test compares them with what this writes, and finds a field that nothing says a word of.
"""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen, MultipleOf
from pydantic import BaseModel, DirectoryPath, FilePath
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from centre_node.main import create_app as node_app
from centre_node.settings import Settings as NodeSettings
from hub.main import create_app as hub_app
from hub.settings import Settings as HubSettings
from shared.field_values import NUMBERS
from shared.models import LARGEST_COUNT, LARGEST_SEED
from shared.names import InWords
from shared.serving_settings import ServingSettings
from shared.toml_text import toml_value
from simulation.scenario import Scenario

DOCS = Path(__file__).parent
ATTRIBUTE = re.compile(r"^    ([a-z_0-9]+(?:, [a-z_0-9]+)*): (.*)")
SIMPLE = {
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    str: "text",
    Path: "path",
    FilePath: "path",
    DirectoryPath: "path",
}
LIMITS: Mapping[type, tuple[str, str]] = {
    MultipleOf: ("multiple_of", "a multiple of {}"),
    Ge: ("ge", "{} or more"),
    Gt: ("gt", "above {}"),
    Le: ("le", "at most {}"),
    Lt: ("lt", "below {}"),
}
UNBOUNDED = {LARGEST_COUNT, LARGEST_SEED}

SCENARIO = """# Scenarios, key by key

A scenario is a TOML file for `genshare simulate FILE`; with `--dry-run` the command checks it and
prints its plan. The shipped ones are in [simulation/scenarios](../simulation/scenarios). What is
left out has its default.

A study file for `genshare study run` ([study.md](study.md)) has the keys of [a
study](#studyscenario) too, without `centre`, `may_see` and `workers`; `genshare train-generator
--training FILE` takes `architecture`, `training` and `hold_out` of [a
generator](#generatorscenario), and a node's `release-policy.toml` what
[a release policy](#releasepolicy) says. `python docs/reference.py` writes this page from the models
that read the files.
"""
SETTINGS = """# Settings

Hub and node read their settings from the environment; the options of `genshare hub serve` and
`genshare node serve` outweigh them. What is empty counts as not set, and a wrong value stops the
start with one sentence. [deploying.md](deploying.md) says what each limit ends. `python
docs/reference.py` writes this page from the settings themselves.
"""
OF_COMMANDS = {
    "GENSHARE_HUB_URL": "the hub's address, for every command that talks to one",
    "GENSHARE_HUB_TOKEN": "your centre's token there, as `genshare hub invite` printed it",
    "GENSHARE_ALLOW_UNENCRYPTED": "`true` sends a token to another machine over `http://`",
    "GENSHARE_HUB_ADMIN_TOKEN": "the administrator's token, for `genshare simulate --hub-url`",
    "GENSHARE_NODE_URL": "a node's address, for `genshare doctor`",
    "GENSHARE_NODE_TOKEN": "the token of every node, for `genshare simulate --node`",
    "NODE_TOKEN": "a node's token, for `genshare doctor`; a setting of the node too",
    "GENSHARE_SIGNING_KEY": "the file of your centre's signing key ([trust.md](trust.md))",
    "GENSHARE_TRUST": "the folder of the keys that you trust",
    "GENSHARE_WAIVER_KEY": "the key of the person who waives ([privacy.md](privacy.md#policy))",
}


class UnexplainedError(Exception):
    """Nothing says what a field means."""


def pages() -> Mapping[str, str]:
    """Return the text of each generated page by its name."""
    described = {f"api/{name}.json": api_page(api) for name, api in descriptions().items()}
    return {"scenario.md": scenario_page(), "settings.md": settings_page(), **described}


def descriptions() -> Mapping[str, dict[str, Any]]:
    """Return the OpenAPI description of each service, as it gives it at /openapi.json."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        hub = hub_app(HubSettings(data_dir=folder / "hub"))
        node = node_app(NodeSettings(data_dir=folder / "node"))
        return {"hub": hub.openapi(), "node": node.openapi()}


def api_page(api: Mapping[str, Any]) -> str:
    """Return a description as text, in an order that does not depend on that of the code."""
    return json.dumps(api, indent=1, sort_keys=True) + "\n"


def scenario_page() -> str:
    """Return the page of everything that a scenario can say."""
    return SCENARIO + "".join(map(_model_section, _models_within(Scenario)))


def settings_page() -> str:
    """Return the page of all settings."""
    both = list(ServingSettings.model_fields)
    hub = [name for name in HubSettings.model_fields if name not in both]
    node = [name for name in NodeSettings.model_fields if name not in both]
    commands = "".join(f"| `{name}` | {told} |\n" for name, told in OF_COMMANDS.items())
    return SETTINGS + (
        f"\n## Of the hub\n\n{_settings_table(HubSettings, hub, ('HUB_',))}"
        f"\n## Of a node\n\n{_settings_table(NodeSettings, node, ('NODE_',))}"
        f"\n## Of both\n\n{_settings_table(ServingSettings, both, ('HUB_', 'NODE_'))}"
        f"\n## Of commands\n\n| variable | |\n| --- | --- |\n{commands}"
    )


def _settings_table(model: type[BaseModel], names: list[str], prefixes: tuple[str, ...]) -> str:
    rows = ["| setting | default | takes | |", "| --- | --- | --- | --- |"]
    for name in names:
        field = model.model_fields[name]
        named = ", ".join(f"`{prefix}{name.upper()}`" for prefix in prefixes)
        default = _default(field).replace('"', "")
        rows.append(f"| {named} | {default} | {_takes(field)} | {_meaning(model, name)} |")
    return "\n".join(rows) + "\n"


def _models_within(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Return a model and all that its fields hold, in the order in which they are met."""
    found: dict[type[BaseModel], None] = {}

    def walk(one: type[BaseModel]) -> None:
        if one not in found:
            found[one] = None
            for field in one.model_fields.values():
                for other in _models_of(field.annotation):
                    walk(other)

    walk(model)
    return list(found)


def _models_of(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_of(part)


def _model_section(model: type[BaseModel]) -> str:
    rows = "".join(
        f"| `{name}` | {_takes(field)} | {_default(field)} | {_meaning(model, name)} |\n"
        for name, field in model.model_fields.items()
    )
    head = "| key | takes | default | |\n| --- | --- | --- | --- |\n"
    return f"\n## {model.__name__}\n\n{_summary(model)}\n\n{head}{rows}"


def _summary(model: type[BaseModel]) -> str:
    return _plain((inspect.getdoc(model) or "").partition("\n\n")[0])


def _meaning(model: type[BaseModel], name: str) -> str:
    """Return what a field's description says, or its class, or the model that it holds.

    Raises:
        UnexplainedError: Nothing does.
    """
    field = model.model_fields[name]
    held = next(_models_of(field.annotation), None)
    told = field.description or _attributes(model).get(name, "") or (_summary(held) if held else "")
    if not told and len(_literals(field.annotation)) == 1:
        return "which of them this is" if name in {"kind", "format"} else "of this form of the file"
    if not told:
        raise UnexplainedError(f"{model.__name__}.{name} has no description")
    return _plain(told)


def _attributes(model: type[BaseModel]) -> Mapping[str, str]:
    """Return what docstrings say under `Attributes:`, those of parents too."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        names: list[str] = []
        for line in (inspect.cleandoc(one.__doc__ or "")).partition("Attributes:\n")[2].split("\n"):
            if entry := ATTRIBUTE.match(line):
                names = entry[1].split(", ")
                found.update(dict.fromkeys(names, entry[2]))
            elif names and line.startswith("        "):
                found.update({name: f"{found[name]} {line.strip()}" for name in names})
            elif line.strip():
                break
    return found


def _plain(text: str) -> str:
    """Return a text on one line, as a cell of a table; TOML knows no None."""
    line = " ".join(text.split()).replace("|", "\\|")
    return re.sub(r"\bNone\b", "none", line)


def _takes(field: FieldInfo) -> str:
    return _kind(field.annotation, field.metadata)


def _kind(annotation: Any, limits: Any = ()) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(parts[0], (*parts[1:], *limits))
    if origin in {Union, UnionType}:
        kinds = [_kind(part, limits) for part in parts if part is not NoneType]
        return " or ".join(dict.fromkeys(kinds))
    if origin is Literal:
        return _one_of(parts)
    if origin is tuple:
        return _list_of(parts, limits)
    if origin is dict:
        return f"for each name: {_kind(parts[1])}"
    return _single(annotation, limits)


def _list_of(parts: tuple[Any, ...], limits: Any) -> str:
    if parts[-1] is not Ellipsis:
        return f"{len(parts)} of: {_kind(parts[0])}"
    least = [limit.min_length for limit in limits if isinstance(limit, MinLen)]
    return f"list{f' of {least[0]} or more' if least else ''}: {_kind(parts[0])}"


def _single(annotation: Any, limits: Any) -> str:
    words = next((limit.text for limit in limits if isinstance(limit, InWords)), "")
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[table](#{annotation.__name__.lower()})"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _one_of(tuple(one.value for one in annotation))
    if annotation in NUMBERS:
        return ", ".join(filter(None, [SIMPLE[annotation] + _bounds(limits), words]))
    return words or SIMPLE.get(annotation, "text") + _bounds(limits)


def _one_of(values: tuple[Any, ...]) -> str:
    return ", ".join(f"`{toml_value(value)}`" for value in values)


def _bounds(limits: Any) -> str:
    told = [
        text.format(f"{value:g}" if isinstance(value, float) else value)
        for limit in limits
        for kind, (name, text) in LIMITS.items()
        if isinstance(limit, kind) and (value := getattr(limit, name)) not in UNBOUNDED
    ]
    return f", {' and '.join(told)}" if told else ""


def _literals(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**must be given**"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ("", (), {}):
        return "none"
    if isinstance(value, BaseModel):
        return "see there"
    return f"`{toml_value(str(value) if isinstance(value, Path) else value)}`"


def main() -> None:
    """Write all of them."""
    for name, text in pages().items():
        (DOCS / name).write_text(text)


if __name__ == "__main__":
    main()
