import httpx
import pytest
from fastapi import FastAPI

from shared.head_requests import answer_head
from shared.hosts import check_hosts, host_names


async def _ask(host: str | None, *, method: str = "GET", address: str = "10.0.0.5") -> int:
    app = FastAPI()
    app.get("/")(lambda: {"some": "data"})
    check_hosts(app, host_names("a.example, B.example", "node", "https://public.example/hub"))
    answers: list[int] = []

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        answers.extend([message["status"]] if "status" in message else [])

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": method,
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "server": (address, 8000),
        "client": ("10.0.0.9", 1),
        "headers": [] if host is None else [(b"host", host.encode("latin-1"))],
    }
    await app(scope, receive, send)
    return answers[0]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000", "10.0.0.5:80"),
        *("a.example", "b.example:1", "node:8001", "public.example"),
    ],
)
async def test_a_service_answers_to_its_names(host: str) -> None:
    assert await _ask(host) == 200


@pytest.mark.anyio
@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "a.example.evil.example:8000", "10.0.0.6"),
        *("", None, "localhost@evil", "[::1", "localhost:", "a b", "localhost\xff"),
    ],
)
async def test_a_service_refuses_the_names_of_others(host: str | None) -> None:
    assert await _ask(host) == 421


@pytest.mark.anyio
async def test_an_address_of_version_6_is_written_in_brackets() -> None:
    assert await _ask("[2001:db8::1]:8000", address="2001:db8::1") == 200


@pytest.mark.anyio
async def test_head_is_answered_as_get_without_a_body() -> None:
    app = FastAPI()
    app.get("/", status_code=203)(lambda: {"some": "thing"})
    answer_head(app)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://localhost"
    ) as http:
        head, get = await http.head("/"), await http.get("/")

    assert (head.status_code, head.content) == (203, b"")
    assert head.headers == get.headers
    assert head.headers["Content-Length"] == str(len(get.content))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
