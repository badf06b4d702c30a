"""Writes values as TOML; Python's library only reads it."""

import json
from collections.abc import Mapping


def toml_value(value: object) -> str:
    """Return a value on one line: text, a number, true or false, a list, or a mapping of such."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(name)} = {toml_value(part)}" for name, part in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return json.dumps(value, ensure_ascii=False)  # these are written as JSON writes them


def toml_lines(values: Mapping[str, object]) -> str:
    """Return a document of a line for each key."""
    return "".join(f"{_key(name)} = {toml_value(value)}\n" for name, value in values.items())


def _key(name: str) -> str:
    plain = name.replace("-", "").replace("_", "")
    return name if plain.isascii() and plain.isalnum() else json.dumps(name)
