import asyncio
import logging

import pytest
from fastapi import FastAPI, HTTPException
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from shared.errors import WrongTensorsError
from shared.models import StrictModel
from shared.problem_handlers import add_problem_handlers
from shared.problems import Problem


class Order(StrictModel):
    count: int


class Client:
    """Calls an app without a socket."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = ASGITransport(app, raise_app_exceptions=False)

    def request(self, method: str, path: str, content: bytes = b"") -> Response:
        async def send() -> Response:
            async with AsyncClient(transport=self._transport, base_url="http://app") as http:
                headers = {"Content-Type": "application/json"}
                return await http.request(method, path, content=content, headers=headers)

        return asyncio.run(send())


@pytest.fixture
def client() -> Client:
    app = FastAPI()

    @app.get("/api/v1/healthz")
    @app.get("/api/v1/jobs/17")
    def fine() -> None:
        pass

    @app.get("/ours")
    def ours() -> None:
        raise WrongTensorsError("tensor a is wrong")

    @app.get("/frameworks")
    def frameworks() -> None:
        raise HTTPException(416, headers={"Content-Range": "bytes */3"})

    @app.get("/unexpected")
    def unexpected() -> None:
        raise ZeroDivisionError("secret words")

    @app.get("/database/{fault}")
    def database(fault: str) -> None:
        faults = {"lost": OperationalError, "damaged": DatabaseError, "broken-rule": IntegrityError}
        raise faults[fault]("SELECT secret", None, OSError("secret words"))

    @app.post("/orders")
    def order(_order: Order) -> None: ...

    add_problem_handlers(app)
    return Client(app)


def _problem(answer: Response) -> Problem:
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = Problem.model_validate(answer.json())
    assert problem.status == answer.status_code
    assert answer.headers.get_list("X-Request-Id") == [problem.request_id]
    assert len(problem.request_id) == 32
    assert problem.hint
    return problem


def test_our_errors_keep_their_code_and_sentence(client: Client) -> None:
    problem = _problem(client.request("GET", "/ours"))

    assert (problem.status, problem.code, problem.detail) == (422, "GS-2006", "tensor a is wrong")


def test_the_frameworks_errors_keep_their_headers(client: Client) -> None:
    answer = client.request("GET", "/frameworks")

    assert _problem(answer).code == "GS-0003"
    assert answer.headers["Content-Range"] == "bytes */3"


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("DELETE", 404)])
def test_an_unknown_path_is_a_problem(client: Client, method: str, status: int) -> None:
    assert _problem(client.request(method, "/nowhere")).status == status


def test_a_wrong_method_is_a_problem(client: Client) -> None:
    assert _problem(client.request("DELETE", "/orders")).status == 405


def test_an_unexpected_error_tells_its_kind_only_and_is_logged(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.request("GET", "/unexpected")

    problem = _problem(answer)
    assert (problem.status, problem.detail) == (500, "unexpected ZeroDivisionError")
    assert "secret words" not in answer.text
    assert problem.request_id in caplog.text


@pytest.mark.parametrize("body", [b'{"count": "patient-7"}', b'{"count": ', b""])
def test_a_wrong_body_is_not_repeated(client: Client, body: bytes) -> None:
    answer = client.request("POST", "/orders", body)

    assert _problem(answer).code == "GS-0002"
    assert "patient-7" not in answer.text


def test_every_request_is_one_line_of_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "shared.problem_handlers"):
        answer = client.request("GET", "/nowhere%0Aforged?token=secret")

    (line,) = (r.getMessage() for r in caplog.records if r.name == "shared.problem_handlers")
    assert line == f"{answer.headers['X-Request-Id']} GET '/nowhere\\nforged' 404 - 127.0.0.1"


@pytest.mark.parametrize("fault", ["lost", "damaged"])
def test_a_database_that_fails_is_the_services_fault(client: Client, fault: str) -> None:
    answer = client.request("GET", f"/database/{fault}")

    problem = _problem(answer)
    assert (problem.status, problem.code) == (503, "GS-2202")
    assert "secret" not in answer.text


def test_a_broken_rule_of_the_database_is_unexpected(client: Client) -> None:
    assert _problem(client.request("GET", "/database/broken-rule")).code == "GS-0001"


def test_health_checks_and_polls_are_no_line_of_log_unless_they_fail(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "shared.problem_handlers"):
        for path in ("/api/v1/healthz", "/api/v1/jobs/17", "/jobs/17", "/jobs"):
            client.request("GET", path)

    lines = [r.getMessage() for r in caplog.records if r.name == "shared.problem_handlers"]
    assert [line.split()[2:4] for line in lines] == [["'/jobs/17'", "404"], ["'/jobs'", "404"]]
