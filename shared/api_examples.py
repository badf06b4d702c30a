"""Puts worked examples into a service's OpenAPI description: one of each model, wherever it is."""

from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]
Examples = Mapping[str, Any]
"""Bodies by the name of their model; those of no model by operation, such as "GET /api/v1/healthz",
and those that are no JSON by operation and kind: "GET /api/v1/events text/event-stream"."""

JSON = "application/json"
SUCCESSES = ("200", "201", "202")


def add_examples(api: Json, examples: Examples) -> None:
    """Give each body that a request has, or that is answered, an example where it has none."""
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            named = f"{method.upper()} {path}"
            for kind, content in _bodies(operation):
                found = _example(content, kind, named, examples)
                if found is not None:
                    content["example"] = found


def _bodies(operation: Json) -> Iterator[tuple[str, Json]]:
    yield from operation.get("requestBody", {}).get("content", {}).items()
    for status in SUCCESSES:
        yield from operation["responses"].get(status, {}).get("content", {}).items()


def _example(content: Json, kind: str, operation: str, examples: Examples) -> Any:
    if "examples" in content:
        return None
    if kind != JSON:
        return examples.get(f"{operation} {kind}")
    return examples.get(operation) or _of_model(content["schema"], examples)


def _of_model(schema: Json, examples: Examples) -> Any:
    """Return the example of the model that a schema is, holds, or names first."""
    if "items" in schema:
        one = _of_model(schema["items"], examples)
        return None if one is None else [one]
    alternatives: list[Json] = schema.get("anyOf") or schema.get("oneOf") or [schema]
    first = alternatives[0]
    return examples.get(first.get("$ref", "").rpartition("/")[2] or first.get("title", ""))
