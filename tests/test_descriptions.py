"""What hub and node say of themselves is complete, and all that they take in has an end."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

import centre_node.main
import centre_node.settings
import hub.main
import hub.settings
from shared.models import StrictModel

Json = dict[str, Any]
OPEN = {"hub": ("healthz", "readyz", "version"), "node": ("healthz",)}
LOW, HIGH = {"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"}


@pytest.fixture(params=["hub", "node"], scope="module")
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def api(service: str, tmp_path_factory: pytest.TempPathFactory) -> Json:
    folder = tmp_path_factory.mktemp(service)
    if service == "hub":
        return hub.main.create_app(hub.settings.Settings(data_dir=folder)).openapi()
    settings = centre_node.settings.Settings(data_dir=folder)
    return centre_node.main.create_app(settings).openapi()


def operations(api: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation | {"responses": answers(api, operation)}


def answers(api: Json, operation: Json) -> Json:
    """Return what an operation answers, by status, where it stands or in its shared place."""
    shared = api["components"]["responses"]
    return {
        status: shared[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
        for status, answer in operation["responses"].items()
    }


def bodies(api: Json) -> Iterator[tuple[str, Json]]:
    """Yield every body that is asked for or answered where all is well, and where that is."""
    for method, path, operation in operations(api):
        asked = operation.get("requestBody", {}).get("content", {})
        yield from ((f"{method} {path} {kind}", body) for kind, body in asked.items())
        for status in {"200", "201", "202"} & operation["responses"].keys():
            content = operation["responses"][status].get("content", {})
            yield from (
                (f"{method} {path} {status} {kind}", body) for kind, body in content.items()
            )


def examples(body: Json) -> list[Any]:
    named = [one["value"] for one in body.get("examples", {}).values()]
    return [body["example"], *named] if "example" in body else named


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

    for kind in ("schemas", "responses"):
        named = {part.partition('"')[0] for part in text.split(f"#/components/{kind}/")[1:]}
        assert named <= api["components"][kind].keys()


def test_every_operation_says_what_it_does_and_every_answer_when_it_comes(api: Json) -> None:
    for method, path, operation in operations(api):
        assert operation["description"], (method, path)
        assert all(answer["description"] for answer in operation["responses"].values())


def test_every_body_has_an_example_that_its_own_schema_takes(api: Json) -> None:
    in_words = [(place, body) for place, body in bodies(api) if not in_bytes(place)]

    assert [place for place, body in in_words if not examples(body)] == []
    for place, body in in_words:
        if place.endswith("json"):
            schema = {**body["schema"], "components": api["components"]}
            for example in examples(body):
                jsonschema_rs.validate(schema, example)


def in_bytes(place: str) -> bool:
    return place.endswith(("octet-stream", "*/*"))


def test_every_example_is_what_its_model_takes(api: Json) -> None:
    models = {model.__name__: model for model in everything_below(StrictModel)}
    checked = 0
    for _, body in bodies(api):
        name = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if name in models:
            for example in examples(body):
                models[name].model_validate_json(json.dumps(example))
                checked += 1

    assert checked > 15


def everything_below(model: type[StrictModel]) -> Iterator[type[StrictModel]]:
    for child in model.__subclasses__():
        yield child
        yield from everything_below(child)


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
