"""What a route's place in the API's description says of its answers; the rest is added there."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from shared.problems import GenshareError

Responses = dict[int | str, dict[str, Any]]
"""What FastAPI takes as `responses`."""


def problems(*errors: type[GenshareError]) -> Responses:
    """Return what a route declares of the errors that it raises itself, as its docstring would."""
    told = defaultdict(list)
    for error in errors:
        told[error.status].append(f"{error.title} ({error.code})")
    return {status: {"description": "; ".join(lines)} for status, lines in told.items()}


def headers(**described: str) -> dict[str, Any]:
    """Return what is declared of headers that an answer may have; `_` stands for `-`."""
    return {
        name.replace("_", "-"): {"description": text, "schema": {"type": "string"}}
        for name, text in described.items()
    }


def always(declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same headers as ones that an answer has without fail."""
    return {name: {**header, "required": True} for name, header in declared.items()}
