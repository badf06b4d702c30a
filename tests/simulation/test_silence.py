"""A service that does not answer is told while it is waited for."""

import threading
from pathlib import Path

import pytest

from shared.repeats import Patience
from simulation.errors import ServiceUnreachableError
from simulation.service_client import ServiceClient, http_client
from tests.centre_node.node_server import free_port
from tests.lying_hub import Answer, lying
from tests.packages import write_tiny_package


def test_who_does_not_answer_is_told_once_and_how_long_it_is_waited_for(tmp_path: Path) -> None:
    told: list[str] = []
    is_told = threading.Event()

    def say(sentence: str) -> None:
        told.append(sentence)
        is_told.set()

    def answer_late(answer: Answer) -> None:
        is_told.wait()
        answer.give(b"{}")

    with lying(write_tiny_package(tmp_path)) as service:
        service.files["healthz"] = answer_late
        http = http_client(service.url, None)
        client = ServiceClient(
            "centre-a", http, say=say, silent_seconds=0.1, patience=Patience((40.0,))
        )
        client.wait_until_healthy()

        assert told == [
            f"centre-a at {service.url} has not answered for 0 s; waiting for at most 2 min 40 s "
            "more"
        ]


def test_nothing_is_said_of_who_answers_or_is_given_up(tmp_path: Path) -> None:
    told: list[str] = []
    with lying(write_tiny_package(tmp_path)) as service:
        service.files["healthz"] = lambda answer: answer.give(b"{}")
        ServiceClient("hub", http_client(service.url, None), say=told.append).wait_until_healthy()
    nobody = http_client(f"http://127.0.0.1:{free_port()}", None)
    with pytest.raises(ServiceUnreachableError):
        ServiceClient("hub", nobody, say=told.append, patience=Patience(())).wait_until_healthy()

    assert told == []
