"""Completes a service's OpenAPI description from what its routes know of themselves.

The guard knows who is refused, a body what can be wrong with it, a file that it can be asked for in
parts, a document that it has an ETag. A route says itself only what it answers and raises.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from fastapi import FastAPI

from shared.access import GuardedRoute, routes_of
from shared.api_answers import always, headers
from shared.api_examples import Examples, add_examples
from shared.problems import Problem
from shared.served_files import ServedFile

Json = dict[str, Any]

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
A_PROBLEM: Json = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "GET /api/v1/nothing: there is nothing at this path",
    "code": "GS-0003",
    "hint": "See the service's API page at /docs.",
    "request_id": "97cbe8f8cf83468cbf25a5e9eb65dc23",
}
FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")

OF_ANY_REQUEST = {
    400: "The request is no HTTP, or broke off",
    408: "The request came too slowly",
    421: "`Host` is none of this service's names",
    431: "The request's head is too large",
    500: "Internal error",
    501: "The body's transfer encoding is not known",
    503: "Too many callers at once, or the database cannot be used",
}
NO_TOKEN = "No token, or a wrong one"  # noqa: S105 (a description)
OF_A_BODY = {
    413: "The body is too large",
    415: "The body was not sent as JSON",
    422: "The body is not what is asked for",
}
PARTS = "multipart/byteranges"
REQUEST_ID = always(headers(X_Request_Id="Stands in the service's log too."))
OF_PROBLEMS = {
    401: always(headers(WWW_Authenticate="Bearer")),
    416: headers(Content_Range="How long the file is."),
    429: always(headers(Retry_After="Seconds.")),
    503: headers(Retry_After="Seconds, where that is known."),
}
OF_FILES = headers(Last_Modified="When it was written.", Accept_Ranges="bytes")
ETAG = always(headers(ETag="Changes with the content."))
RANGE = headers(Content_Range="Which part this is, where there is one.")

CONDITIONS = {
    "If-Match": "Only if what is there has one of these ETags.",
    "If-None-Match": "Only if what is there has none of these ETags.",
}
FILE_CONDITIONS = {
    "If-Modified-Since": "Only if it was written after that.",
    "If-Unmodified-Since": "Only if it was not written after that.",
    "If-Range": "`Range` holds only for this ETag or date.",
    "Range": "Which part, such as bytes=0-99.",
}


def describe(app: FastAPI, examples: Examples) -> None:
    """Have `app` describe itself truly; to be called when it has its routes.

    Args:
        examples: Of its bodies, see `add_examples`.
    """
    plain = app.openapi

    @cache
    def described() -> Json:
        api = _completed(plain(), app)
        add_examples(api, examples)
        _share_answers(api)
        return api

    app.openapi = described  # type: ignore[method-assign]  # as the framework's manual says


def _completed(api: Json, app: FastAPI) -> Json:
    routes = [(re.sub(r":\w+}", "}", path), route) for path, route in routes_of(app)]
    guarded = [
        (path, route)
        for path, route in routes
        if isinstance(route, GuardedRoute) and path in api["paths"]  # which pages are not
    ]
    roles = frozenset().union(*(route.roles or () for _, route in guarded))
    for path, route in guarded:
        operations = api["paths"][path]
        for method in {name.upper() for name in operations} & (route.methods or set()):
            _complete(operations[method.lower()], method, operations, route, roles)
    schemas = api.setdefault("components", {}).setdefault("schemas", {})
    for operations in api["paths"].values():
        if "get" in operations and "head" not in operations:
            operations["head"] = _head_of(operations["get"])
        for operation in operations.values():
            schemas.update(_taken_out(operation))
    for name in FRAMEWORKS_OWN:
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema() | {"examples": [A_PROBLEM]}
    return api


def _share_answers(api: Json) -> None:
    """Keep each answer that several operations have in one place: few are an operation's own."""
    places = defaultdict(list)
    for operations in api["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                places[status, json.dumps(answer, sort_keys=True)].append(operation["responses"])
    shared: Json = api["components"].setdefault("responses", {})
    for (status, content), answers in places.items():
        if len(answers) > 1:
            name = f"{status}-{sum(key.startswith(status) for key in shared) + 1}"
            shared[name] = json.loads(content)
            for each in answers:
                each[status] = {"$ref": f"#/components/responses/{name}"}


def _complete(
    operation: Json, method: str, operations: Json, route: GuardedRoute, roles: frozenset[Any]
) -> None:
    """Add to an operation what follows from the route's kind."""
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
    if _serves_file(route):
        _add_file(operation)
    is_conditional = _add_conditions(operation, method, operations)
    for status, text in _refusals(operation, method, route, roles, is_conditional):
        answer = answers.setdefault(str(status), {})
        declared = answer.get("description")
        answer["description"] = f"{declared}; {text}" if declared else text
    for status, answer in answers.items():
        named = OF_PROBLEMS.get(int(status), {}) | REQUEST_ID
        answer["headers"] = answer.get("headers", {}) | named
        if int(status) >= 400:
            answer["content"] = PROBLEM
    operation["responses"] = dict(sorted(answers.items()))


def _add_conditions(operation: Json, method: str, operations: Json) -> bool:
    """Add the ETag that is answered and what can be asked with it; tell whether any can."""
    answers = operation["responses"]
    has_etag = method in {"GET", "HEAD"} and "text/event-stream" not in str(answers["200"])
    if has_etag:
        answers["200"].setdefault("headers", {}).update(ETAG)
        answers["304"] = {"description": "The caller has it", "headers": ETAG}
    changes_what_is_read = "requestBody" in operation and bool(operations.keys() & {"get", "head"})
    if has_etag or changes_what_is_read:
        _add_parameters(operation, CONDITIONS)
    return has_etag or changes_what_is_read


def _refusals(
    operation: Json,
    method: str,
    route: GuardedRoute,
    roles: frozenset[Any],
    is_conditional: bool,
) -> Iterator[tuple[int, str]]:
    yield from OF_ANY_REQUEST.items()
    if route.roles is not None:
        yield 401, NO_TOKEN
        yield 429, "The caller asks too often, or sent too many wrong tokens"
        if route.roles < roles:
            yield 403, f"Only for: {', '.join(sorted(route.roles))}"
    if any(map(_can_be_wrong, operation.get("parameters", ()))):
        yield 422, "A part of the path, a header or the query is not what is asked for"
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        yield from OF_A_BODY.items()
    if is_conditional:
        yield 412, "A condition of the request does not hold"
    if _serves_file(route):
        yield 416, "The file has no such part"
    if method not in {"GET", "HEAD"}:
        yield 507, "The service's disk is full"


def _serves_file(route: GuardedRoute) -> bool:
    kind = route.response_class
    return isinstance(kind, type) and issubclass(kind, ServedFile)


def _add_file(operation: Json) -> None:
    whole = operation["responses"]["200"]
    content = whole.setdefault("content", {"*/*": {}})
    whole["headers"] = whole.get("headers", {}) | OF_FILES
    operation["responses"]["206"] = {
        "description": "A part of it",
        "headers": whole["headers"] | ETAG | RANGE,
        "content": {**content, PARTS: {}},
    }
    _add_parameters(operation, FILE_CONDITIONS)


def _add_parameters(operation: Json, described: Mapping[str, str]) -> None:
    operation.setdefault("parameters", []).extend(
        {"in": "header", "name": name, "description": text, "schema": {"type": "string"}}
        for name, text in described.items()
    )


def _can_be_wrong(parameter: Json) -> bool:
    """Tell whether not every text will do."""
    schema = parameter["schema"]
    kinds = schema.get("anyOf", [schema])
    return not all(kind.keys() <= {"type", "title"} and kind["type"] != "integer" for kind in kinds)


def _head_of(get: Json) -> Json:
    """Return what HEAD answers where GET is described: the same without content or parts."""
    answers = {
        status: {name: part for name, part in answer.items() if name != "content"}
        for status, answer in get["responses"].items()
        if status not in {"206", "416"}
    }
    parameters = [
        item for item in get.get("parameters", ()) if item["name"] not in {"Range", "If-Range"}
    ]
    head = {**get, "operationId": f"{get['operationId']}_head", "responses": answers}
    return head | ({"parameters": parameters} if parameters else {})


def _taken_out(operation: Json) -> Json:
    """Return the parts of an operation's body, which the description has in one place."""
    found: Json = {}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        parts = content["schema"].pop("$defs", {})
        found |= {f"{name}-Input": part for name, part in parts.items()}
    return found
