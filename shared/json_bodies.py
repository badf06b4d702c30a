"""Takes in the JSON body of a request: after the caller is known, bounded, strict, in a thread.

FastAPI reads and validates a body before a route can look at who sends it, on the event loop,
every item of it. Routes that strangers reach ask for the request instead, and then for its body.
"""

from json import JSONDecodeError
from typing import Any, TypeVar

from anyio import to_thread
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from shared.json_documents import check_json

Model = TypeVar("Model", bound=BaseModel)


async def json_body(model: type[Model], request: Request) -> Model:
    """Return a request's body.

    Raises:
        RequestValidationError: It was not sent as JSON, is none, is too large to be validated in a
            moment, or is not what the model says.
    """
    if not is_json(request.headers.get("Content-Type", "")):
        raise RequestValidationError([_fault("not_json", (), "the body must be JSON")])
    return await to_thread.run_sync(_validated, model, await request.body())


def described(model: type[BaseModel]) -> dict[str, Any]:
    """Return what the API's description says of a body that `json_body` reads.

    Models within it must be parts of an answer too, for there they are described.
    """
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def is_json(content_type: str) -> bool:
    """Tell whether a `Content-Type` is that of JSON."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def _validated(model: type[Model], content: bytes) -> Model:
    try:
        check_json(content)
        return model.model_validate_json(content, strict=True)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        faults_in_body = [{**fault, "loc": ("body", *fault["loc"])} for fault in faults]
        raise RequestValidationError(faults_in_body) from error
    except JSONDecodeError as error:
        raise RequestValidationError([_fault("json_invalid", (error.pos,), "no JSON")]) from error
    except ValueError as error:
        raise RequestValidationError([_fault("json_refused", (), str(error))]) from error


def _fault(kind: str, place: tuple[int, ...], message: str) -> dict[str, Any]:
    return {"type": kind, "loc": ("body", *place), "msg": message}
