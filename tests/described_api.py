"""Asks a running service what its own OpenAPI description allows and forbids, by schemathesis."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
OF_WHAT_IS_MADE = [negative_data_rejection]
"""Beside these, no answer may be an error of the service's own."""

SECONDS = 30


@dataclass(frozen=True)
class Known:
    """What is really there at a service, so that generated requests meet it.

    Attributes:
        paths: Parts of paths that belong together, by their names in the description.
        headers: Values of conditions and ranges that hold.
        bodies: Bodies by operation, such as "POST /api/v1/centres".
        own_paths: Instead of `paths`, by operation.
    """

    paths: Sequence[Mapping[str, str]]
    headers: Sequence[Mapping[str, str]] = ()
    bodies: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    own_paths: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)


@dataclass
class Outcome:
    """What was answered, by operation and status, and each sort of fault once."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        return self.answers.total()

    @property
    def statuses(self) -> set[int]:
        return {status for _, status in self.answers}


def ask(url: str, callers: Sequence[str | None], known: Known, *, each: int) -> Outcome:
    """Ask every operation of a service so many times, by each of the callers in turn.

    Args:
        callers: Their tokens, those that are right first; None is somebody without one.
        each: How many cases an operation has at most; fewer where there are no more.
    """
    described = httpx.get(f"{url}/openapi.json").json()
    for operations in described["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)  # the callers are given
    api = schemathesis.openapi.from_dict(described)
    outcome = Outcome()
    for found in api.get_all_operations():
        assert isinstance(found, Ok), "the description of an operation is wrong"
        _ask_operation(found.ok(), url, callers, known, each, outcome)
    return outcome


def _ask_operation(
    operation: APIOperation[Any, Any, Any, Any],
    url: str,
    callers: Sequence[str | None],
    known: Known,
    each: int,
    outcome: Outcome,
) -> None:
    label = operation.label
    paths = known.own_paths.get(label, known.paths)

    @settings(
        max_examples=each,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(
        case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)),
        caller=_mostly(callers),
        path=_mostly([None, *paths]),
        header=_mostly([None, None, *known.headers]),
        body=_mostly([None, *known.bodies.get(label, ())]),
    )
    def one(case: Any, caller: Any, path: Any, header: Any, body: Any) -> None:
        if path is not None:
            case.path_parameters = {
                name: path.get(name, value) for name, value in (case.path_parameters or {}).items()
            }
        if body is not None:
            case.body = body
        headers = {} if caller is None else {"Authorization": f"Bearer {caller}"}
        headers |= header or {}
        response = case.call(base_url=url, headers=headers, timeout=SECONDS)
        outcome.answers[label, response.status_code] += 1
        if response.status_code in {500, 501, 503, 504, 507}:
            outcome.faults.setdefault((label, str(response.status_code)), response.text)
        try:
            is_as_made = (path, body, header) == (None,) * 3 and response.status_code != 412
            case.validate_response(response, checks=CHECKS + OF_WHAT_IS_MADE * is_as_made)
        except FailureGroup as group:
            for failure in group.exceptions:
                outcome.faults.setdefault((label, type(failure).__name__), f"{failure}\n{group}")
        except Failure as failure:
            outcome.faults.setdefault((label, type(failure).__name__), str(failure))

    one()


def _mostly(choices: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Choose; hypothesis draws the ends of a list more often than its middle."""
    return st.sampled_from([*choices, *reversed(choices)])
