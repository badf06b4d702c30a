"""What hub and node say of themselves is complete, and all that they take in has an end."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import centre_node.main
import centre_node.settings
import hub.main
import hub.settings

Json = dict[str, Any]
OPEN = {"hub": ("healthz", "readyz", "version"), "node": ("healthz",)}
LOW, HIGH = {"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"}


@pytest.fixture(params=["hub", "node"])
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def api(service: str, tmp_path: Path) -> Json:
    if service == "hub":
        return hub.main.create_app(hub.settings.Settings(data_dir=tmp_path)).openapi()
    settings = centre_node.settings.Settings(data_dir=tmp_path)
    return centre_node.main.create_app(settings).openapi()


def operations(api: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_every_refusal_is_declared_as_a_problem_and_nothing_by_default(api: Json) -> None:
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}

    for method, path, operation in operations(api):
        answers = operation["responses"]
        assert {"400", "421", "500", "503"} <= answers.keys(), (method, path)
        for status, answer in answers.items():
            assert status.isdigit()
            assert "X-Request-Id" in answer["headers"]
            if status >= "400" and method != "head":
                assert answer["content"] == {"application/problem+json": problem}
    assert "ValidationError" not in api["components"]["schemas"]


def test_every_guarded_route_names_the_token_and_what_happens_without_one(
    api: Json, service: str
) -> None:
    for method, path, operation in operations(api):
        is_open = path.rpartition("/")[2] in OPEN[service]
        refused = {"401", "429"} & operation["responses"].keys()
        assert bool(operation.get("security")) is not is_open, (method, path)
        assert refused == (set() if is_open else {"401", "429"}), (method, path)


def test_there_is_a_head_wherever_there_is_a_get(api: Json) -> None:
    gets = {path for method, path, _ in operations(api) if method == "get"}

    assert gets <= {path for method, path, _ in operations(api) if method == "head"}


def test_every_reference_leads_somewhere(api: Json) -> None:
    text = json.dumps(api)
    named = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}

    assert named <= api["components"]["schemas"].keys()


def test_every_number_text_list_and_object_of_a_body_has_an_end(api: Json) -> None:
    bodies = [
        content["schema"]
        for _, _, operation in operations(api)
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        if kind == "application/json"
    ]
    parts = api["components"]["schemas"]
    inputs = {name: part for name, part in parts.items() if name.endswith("-Input")}
    inputs |= {f"body {number}": body for number, body in enumerate(bodies)}

    assert bodies
    assert [place for name, part in inputs.items() for place in endless(part, name)] == []


def endless(schema: Json, place: str) -> Iterator[str]:
    """Yield the places of a JSON schema where a value can be as large as its sender likes."""
    for alternatives in (schema.get(key, ()) for key in ("anyOf", "oneOf", "allOf", "prefixItems")):
        for part in alternatives:
            yield from endless(part, place)
    if {"enum", "const"} & schema.keys():
        return
    kind = schema.get("type")
    pattern = schema.get("pattern", "*")
    if kind == "integer" and not (LOW & schema.keys() and HIGH & schema.keys()):
        yield place
    if kind == "string" and "maxLength" not in schema and {"*", "+"} & set(pattern):
        yield place
    if kind == "array":
        if "maxItems" not in schema:
            yield place
        yield from endless(schema.get("items", {}), f"{place}[]")
    if kind == "object":
        yield from _endless_object(schema, place)


def _endless_object(schema: Json, place: str) -> Iterator[str]:
    for name, part in schema.get("properties", {}).items():
        yield from endless(part, f"{place}.{name}")
    if schema.get("additionalProperties") is False:
        return
    if "maxProperties" not in schema:
        yield place
    others = schema.get("patternProperties", {None: schema.get("additionalProperties", {})})
    for pattern, part in others.items():
        keys = {"type": "string", **({"pattern": pattern} if pattern else {})}
        yield from endless(schema.get("propertyNames", keys), f"{place} key")
        yield from endless(part, f"{place}.*")
