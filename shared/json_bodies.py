"""Takes in the JSON body of a request: after the caller is known, bounded, strict, in a thread.

FastAPI reads and validates a body before a route can look at who sends it, on the event loop,
every item of it. Routes ask for the request instead, and then for its body:

    MANIFEST = JsonBody[Manifest](Manifest)

    @router.post("/versions", openapi_extra=MANIFEST.described)
    async def publish(request: Request) -> None:
        manifest = await MANIFEST.read(request)
"""

from collections.abc import Mapping
from functools import cached_property
from json import JSONDecodeError
from typing import Any, Generic, TypeVar

from anyio import to_thread
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from shared.json_documents import read_json
from shared.known_fields import right_fields
from shared.models import MOST_FAULTS
from shared.preconditions import check_conditions

Value = TypeVar("Value")
NO_EXAMPLES: Mapping[str, Any] = {}

REFERENCE = "#/components/schemas/{model}-Input"
"""Where an API's description has a part of a body; what is answered can look different."""


class JsonBody(Generic[Value]):
    """A kind of body that some route takes in.

    Args:
        kind: A model, or a union of models.
        examples: Bodies that the API's page shows, by what they do.
    """

    def __init__(self, kind: Any, examples: Mapping[str, Any] = NO_EXAMPLES) -> None:
        self._kind = kind
        self._examples = examples

    @property
    def described(self) -> dict[str, Any]:
        """What the API's description says of it, `$defs` included, which go elsewhere there."""
        schema = self._adapter.json_schema(ref_template=REFERENCE)
        content = {"application/json": {"schema": schema, **self._shown()}}
        return {"requestBody": {"required": True, "content": content}}

    def _shown(self) -> dict[str, Any]:
        shown = {name: {"summary": name, "value": body} for name, body in self._examples.items()}
        return {"examples": shown} if shown else {}

    async def read(self, request: Request) -> Value:
        """Return a request's body, if the request's conditions hold.

        Raises:
            RequestValidationError: It was not sent as JSON, is none, is too large to be validated
                in a moment, or is not of the kind.
            PreconditionFailedError: See `check_conditions`.
        """
        await check_conditions(request)
        if not is_json(request.headers.get("Content-Type", "")):
            raise RequestValidationError([_fault("not_json", (), "the body must be JSON")])
        return await to_thread.run_sync(self._validated, await request.body())

    @cached_property
    def _adapter(self) -> TypeAdapter[Value]:
        return TypeAdapter(self._kind)

    @cached_property
    def _schema(self) -> dict[str, Any]:
        return self._adapter.json_schema()

    def _validated(self, content: bytes) -> Value:
        try:
            return self._adapter.validate_python(read_json(content), strict=True)
        except ValidationError as error:
            faults = error.errors(include_input=False, include_url=False)
            told = [self._with_fields(fault) for fault in faults[:MOST_FAULTS]]
            in_body = [{**fault, "loc": ("body", *fault["loc"])} for fault in told]
            raise RequestValidationError(in_body + faults[MOST_FAULTS:]) from error
        except JSONDecodeError as error:
            raise RequestValidationError([_fault("json_invalid", (error.pos,), "")]) from error
        except ValueError as error:
            raise RequestValidationError([_fault("json_refused", (), str(error))]) from error

    def _with_fields(self, fault: ErrorDetails) -> dict[str, Any]:
        """Return a fault; that of a field that there is not with those that there are."""
        if fault["type"] != "extra_forbidden":
            return dict(fault)
        fields = right_fields(self._schema, fault["loc"])
        return {**fault, "ctx": {"fields": fields}}


def is_json(content_type: str) -> bool:
    """Tell whether a `Content-Type` is that of JSON."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def _fault(kind: str, place: tuple[int, ...], message: str) -> dict[str, Any]:
    return {"type": kind, "loc": ("body", *place), "msg": message}
