"""What a simulation does with a service that lies or stalls."""

import gzip
import json
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import pytest

from shared.errors import HubRefusedError
from shared.hub_client import HubClient
from shared.problems import Problem
from shared.repeats import Patience
from simulation import service_client
from simulation.errors import ServiceRefusedError, ServiceUnreachableError, ServiceUnreadableError
from simulation.federation import Federation
from simulation.service_client import ServiceClient, http_client
from tests.lying_hub import MOST_UNDERWAY, Answer, LyingHub, lying
from tests.packages import write_tiny_package

PROBLEM = {"title": "x", "status": 404, "detail": "\x1b[2Jgone\n", "code": "GS-3001", "hint": ""}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LyingHub]:
    with lying(write_tiny_package(tmp_path)) as running:
        yield running


def client(service: LyingHub, *pauses: float, seconds: float = 60) -> ServiceClient:
    http = http_client(service.url, None)
    return ServiceClient("centre-a", http, patience=Patience(pauses), attempt_seconds=seconds)


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (
            lambda answer: answer.drip(repeat(b"HTTP/1.1 100 Continue\r\n\r\n", 100)),
            ServiceUnreachableError,
            r"no answer from centre-a at .* to GET /healthz: the whole of it took longer than 0\.3",
        ),
        (
            lambda answer: answer.give(gzip.compress(bytes(10**6)), Content_Encoding="gzip"),
            ServiceUnreadableError,
            "centre-a answered with HTTP 200 without the encoding that was asked for",
        ),
        (
            lambda answer: answer.give_endlessly(),
            ServiceUnreadableError,
            "centre-a answered with HTTP 200 without an end: more than 1048576 bytes came",
        ),
        (
            lambda answer: answer.give(json.dumps({**PROBLEM, "request_id": "1"}).encode(), 404),
            ServiceRefusedError,
            r"centre-a at http://127\.0\.0\.1:\d+ refused \(404, GS-3001\): \\x1b\[2Jgone\\n$",
        ),
        (
            lambda answer: answer.give(b"", 302, Location="/elsewhere"),
            ServiceUnreadableError,
            "centre-a answered with HTTP 302, which leads elsewhere",
        ),
    ],
    ids=["drip", "gzip", "endless", "escapes", "redirect"],
)
def test_a_service_that_lies_is_told_soon(
    service: LyingHub,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[Answer], None],
    error: type[Exception],
    sentence: str,
) -> None:
    monkeypatch.setattr(service_client, "LARGEST_ANSWER_BYTES", 1 << 20)
    service.files["healthz"] = answer

    seconds = 0.3 if error is ServiceUnreachableError else 60
    with pytest.raises(error, match=sentence):
        client(service, seconds=seconds).wait_until_healthy()

    assert service.sent_bytes < MOST_UNDERWAY


def test_a_token_that_a_service_refuses_is_asked_for_by_the_option_of_simulate() -> None:
    wrong = Problem.model_validate({**PROBLEM, "status": 401, "request_id": "1"})

    assert "--node-token or GENSHARE_NODE_TOKEN" in ServiceRefusedError("centre-a", wrong).hint
    hub = HubClient(http_client("http://127.0.0.1:1", None))
    federation = Federation(hub, hub.url, ServiceClient("hub", http_client(hub.url, None)), {})
    with pytest.raises(HubRefusedError) as refused, federation.asking_hub():
        raise HubRefusedError(wrong)
    assert "--hub-admin-token or GENSHARE_HUB_ADMIN_TOKEN" in refused.value.hint


def test_a_service_that_starts_is_waited_for(service: LyingHub) -> None:
    service.files["healthz"] = lambda answer: answer.give(
        b"{}", 503 if len(service.asked) < 3 else 200
    )

    client(service, 0.0, 0.0).wait_until_healthy()

    assert service.asked == ["healthz"] * 3
