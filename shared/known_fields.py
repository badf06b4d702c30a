"""Which fields there are where a document has one that there is not."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

MOST_TOLD = 12

Schema = Mapping[str, Any]


def right_fields(schema: Schema, place: Sequence[int | str]) -> tuple[str, ...]:
    """Return the field that a wrong one was meant for, if one is spelt like it; else those known.

    Args:
        schema: The document's JSON schema.
        place: Where the wrong field is, as pydantic tells it.

    Returns:
        () where there are more than 12, or that part of the schema is not one model's.
    """
    *above, wrong = place
    part = _resolved(schema, schema)
    for step in above:
        part = _resolved(schema, _below(part, step))
    known = tuple(part.get("properties", ()))
    near = get_close_matches(str(wrong), known, n=1)
    return tuple(near) or (known if len(known) <= MOST_TOLD else ())


def _resolved(schema: Schema, part: Schema) -> Schema:
    """Follow a reference to one of the schema's own definitions."""
    name = part.get("$ref", "").rpartition("/")[2]
    found: Schema = schema.get("$defs", {}).get(name, part)
    return found


def _below(part: Schema, step: int | str) -> Schema:
    """Return the part that a step leads to: a tag of a union, an entry of a list, or a field."""
    tags = part.get("discriminator", {}).get("mapping", {})
    if step in tags:
        return {"$ref": tags[step]}
    found: Schema = part.get("properties", {}).get(step, {}) if isinstance(step, str) else {}
    return part.get("items", {}) if isinstance(step, int) else found
